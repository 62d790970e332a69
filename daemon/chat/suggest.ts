import type { z } from 'zod';
import { MAX_SUGGESTIONS, type ChatAsk, type Suggestion } from '../../contracts/chat.ts';
import { own } from '../own.ts';
import type { Caller } from '../ports/door.ts';
import { cut, oneLine } from '../text.ts';
import type { ChatDeps } from './deps.ts';

type Ask = Extract<z.output<typeof ChatAsk>, { kind: 'suggest' }>;
type Row = readonly [value: string, about?: string];

/** What may stand in an argument, of what this person may see. Bounded; what fits best comes first. */
export async function suggestions(deps: ChatDeps, caller: Caller, ask: Ask): Promise<Suggestion[]> {
  const wanted = ask.text.trim().toLowerCase();
  const all = await rows(deps, caller, ask);
  return all
    .filter(([value, about = '']) => `${value} ${about}`.toLowerCase().includes(wanted))
    .toSorted(([a], [b]) => Number(b.startsWith(wanted)) - Number(a.startsWith(wanted)))
    .slice(0, MAX_SUGGESTIONS)
    .map(([value, about]) => ({
      value: value.slice(0, 100),
      label: cut(oneLine(deps.clean(about === undefined ? value : `${value}: ${about}`), 200), 100),
    }));
}

async function rows(
  { config, people, runbooks, jobs, grants }: ChatDeps,
  { person }: Caller,
  ask: Ask,
): Promise<Row[]> {
  const { config: estate } = config.current();
  const sees = (project: string, env?: string): boolean => people.allows(person, 'view', project, env);
  if (!people.allows(person, 'view')) return [];
  switch (ask.type) {
    case 'project':
      return Object.entries(estate.projects)
        .filter(([id]) => sees(id))
        .map(([id, { title }]): Row => (title === undefined ? [id] : [id, title]));
    case 'environment': {
      const given = ask.given['project'];
      const projects = typeof given === 'string' ? [given] : Object.keys(estate.projects);
      const envs = projects.flatMap((id) =>
        Object.keys(own(estate.projects, id)?.environments ?? {}).filter((env) => sees(id, env)),
      );
      return [...new Set(envs)].map((env): Row => [env]);
    }
    case 'runbook': {
      const all = await runbooks.list();
      return all
        .filter(({ front }) => front.projects === undefined || front.projects.some((id) => sees(id)))
        .map(({ front }): Row => [front.runbook, front.title]);
    }
    case 'job':
      return jobs
        .list()
        .filter(({ spec }) => sees(spec.project, spec.env))
        .map(({ spec, title, status }): Row => [
          spec.job_id.slice(0, 12),
          `${title} on ${spec.project}/${spec.env} ${status}`,
        ]);
    case 'request':
      return (await grants.requests({ openOnly: true }))
        .filter(({ project, env }) => sees(project, env))
        .map(({ id, by, cap, project }): Row => [id, `${by} asks for ${cap} on ${project}`]);
    case 'grant':
      return (await grants.list({ activeOnly: true }))
        .filter(
          ({ sub, par, prj }) =>
            par === null &&
            // Whoever may approve there may take it back.
            (sub === `person:${person}` || prj.some((project) => people.allows(person, 'approve', project))),
        )
        .map(({ gid, cap, prj, sub }): Row => [gid, `${cap.join(' ')} on ${prj.join(' ')} for ${sub}`]);
    case 'person':
      return Object.entries(estate.people).map(([id, { name }]): Row =>
        name === undefined ? [id] : [id, name],
      );
    case 'schedule':
      return Object.entries(estate.schedules)
        .filter(([, { project, env }]) => sees(project, env))
        .map(([id, { runbook }]): Row => [id, runbook]);
    default:
      return [];
  }
}
