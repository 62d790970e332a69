import { z } from 'zod';
import { fail } from '../../contracts/errors.ts';
import type { Json } from '../../contracts/json.ts';
import type { Cell, Tone } from '../../contracts/reply.ts';
import { plural } from '../../contracts/units.ts';
import { arg } from '../args.ts';
import { readAction, type ActionContext } from '../ports/actions.ts';
import type { IncidentView } from '../ports/incidents.ts';
import { incidentBlocks, timelineBlock } from './incident-blocks.ts';

const group = 'Incidents';
const STATES = ['open', 'acknowledged', 'resolved', 'reviewed'] as const;

export const incidentArg = () => arg.string('incident id or its first digits', { position: 0, max: 40 });

const TONE: Record<IncidentView['severity'], Tone> = { page: 'bad', warn: 'warn', info: 'info' };
export const isOpen = ({ state }: IncidentView): boolean => state === 'open' || state === 'acknowledged';

/** The incident that this caller means and may see. Throws INCIDENT_NOT_FOUND, INCIDENT_AMBIGUOUS. */
export const findIncident = ({ incidents, people, caller }: ActionContext, text: string): IncidentView =>
  incidents.get(text, ({ project, env }) => people.allows(caller.person, 'view', project, env));

const stateCell = (incident: IncidentView): Cell =>
  !isOpen(incident)
    ? { tone: 'good', text: incident.state }
    : incident.acknowledged_by !== null
      ? { tone: 'warn', text: `taken by ${incident.acknowledged_by}` }
      : { tone: 'bad', text: 'open' };

/** What healing does, in a few words. */
function healingText({ heals, healing }: IncidentView): string {
  const last = heals.at(-1);
  if (last !== undefined && last.outcome === null) return `${last.rule} is at it`;
  if (healing !== null && healing.decision !== 'run')
    return `${healing.rule}: ${healing.decision.replaceAll('_', ' ')}`;
  return last === undefined ? '–' : `${last.rule}: ${last.outcome ?? ''}`;
}

export const incidentsList = readAction({
  name: 'incidents list',
  aliases: ['incidents'],
  summary: 'Open incidents, and with --all those that are over',
  group,
  verb: 'view',
  args: z.object({
    all: arg.boolean('also those that are over').default(false),
    state: arg.choice(STATES, 'only these').optional(),
    project: arg.project('only this project').optional(),
    limit: arg.integer('how many', { min: 1, max: 500 }).default(50),
  }),
  examples: ['incidents list', 'incidents list --all --project shop --json'],
  run({ incidents, people, caller }, { all, state, project, limit }) {
    const seen = incidents
      .list({ ...(state === undefined ? {} : { state }), ...(project === undefined ? {} : { project }) })
      .filter((one) => all || state !== undefined || isOpen(one))
      .filter((one) => people.allows(caller.person, 'view', one.project, one.env));
    const open = seen.filter((one) => isOpen(one));
    return {
      title: open.length === 0 ? 'No incident is open' : `${plural(open.length, 'incident')} open`,
      tone: open.some(({ severity }) => severity === 'page') ? 'bad' : open.length > 0 ? 'warn' : 'good',
      blocks: [
        {
          type: 'table',
          columns: [
            { label: 'Incident' },
            { label: 'Severity' },
            { label: 'What' },
            { label: 'Where' },
            { label: 'State' },
            { label: 'Opened' },
            { label: 'Lasted', align: 'right' },
            { label: 'Healing' },
          ],
          rows: seen
            .slice(0, limit)
            .map((one): Cell[] => [
              { id: one.id },
              { tone: TONE[one.severity], text: one.severity },
              one.title,
              `${one.project}/${one.env}`,
              stateCell(one),
              { time: one.opened_at },
              one.ended === null ? '–' : { duration: one.ended - one.began },
              healingText(one),
            ]),
          empty: all
            ? 'There was none yet.'
            : 'Nothing is wrong that Reeve knows of. `reeve incidents list --all` shows what is over.',
        },
      ],
      data: seen.slice(0, limit) as unknown as Json,
    };
  },
});

export const incidentsShow = readAction({
  name: 'incidents show',
  summary: 'One incident: what happened when, who was told, what healed it',
  group,
  verb: 'view',
  args: z.object({ incident: incidentArg() }),
  examples: ['incidents show inc_1f2e3d4c'],
  async run(context, args) {
    const incident = findIncident(context, args.incident);
    const timeline = await context.incidents.timeline(incident.id);
    const open = isOpen(incident);
    return {
      title: `${incident.title}: ${incident.state}`,
      tone: open ? TONE[incident.severity] : 'good',
      blocks: [
        ...incidentBlocks(context, incident),
        timelineBlock(timeline, incident.began),
        ...nextSteps(incident).map((text) => ({ type: 'hint' as const, text })),
      ],
      data: { ...(incident as unknown as Record<string, Json>), timeline: timeline as unknown as Json },
    };
  },
});

/** What a person would do next. */
function nextSteps(incident: IncidentView): string[] {
  const short = incident.id.slice(0, 12);
  const { state, postmortem, healing } = incident;
  const heal = {
    not_allowed: `Look what changed, then let it heal again: reeve config diff heal:${healing?.rule ?? ''}`,
    budget_spent: `Let ${healing?.rule ?? ''} heal again: reeve heal reset ${healing?.rule ?? ''} --reason …`,
    breaker_open: `Let ${healing?.rule ?? ''} heal again: reeve heal reset ${healing?.rule ?? ''} --reason …`,
  };
  const more = Object.entries(heal).flatMap(([decision, text]) =>
    healing?.decision === decision ? [text] : [],
  );
  switch (state) {
    case 'open':
      return [`Take it on: reeve incidents ack ${short}`, ...more];
    case 'acknowledged':
      return [`When it is over: reeve incidents resolve ${short} --why "…"`, ...more];
    case 'resolved':
      return [`Review it: reeve incidents review ${short} --summary "…" --action "what to do @owner"`];
    case 'reviewed':
      return postmortem?.path == null ? [] : [`Its postmortem: ${postmortem.path}`];
  }
}

export const incidentsPostmortem = readAction({
  name: 'incidents postmortem',
  summary: 'The postmortem of an incident as Markdown, as the ledger tells it now',
  group,
  verb: 'read',
  args: z.object({ incident: incidentArg() }),
  examples: ['incidents postmortem inc_1f2e3d4c'],
  async run(context, args) {
    const incident = findIncident(context, args.incident);
    context.people.require(context.caller.person, 'read', incident.project, incident.env);
    const text = await context.incidents.postmortem(incident.id);
    const { postmortem } = incident;
    return {
      title: `Postmortem of ${incident.id}${postmortem?.final === true ? '' : ' (draft)'}`,
      tone: 'info',
      blocks: [
        { type: 'code', language: 'markdown', text },
        ...(postmortem === null ? [] : [{ type: 'hint' as const, text: whereIs(postmortem) }]),
      ],
      data: { incident: incident.id, markdown: text, path: postmortem?.path ?? null },
    };
  },
});

const whereIs = ({ path, artifact, final }: NonNullable<IncidentView['postmortem']>): string =>
  `${final ? 'It' : 'The draft'} lies ${path === null ? '' : `in ${path}, and `}as artifact ${artifact.digest ?? ''}.`;

/** `what to do @owner`: the last word with an @ is who does it. */
export function parseAction(text: string): { text: string; owner: string } {
  const [, what = text, owner = ''] = /^(.*?)\s+@([\p{L}\p{N}._-]{1,100})\s*$/su.exec(text) ?? [];
  const trimmed = what.trim();
  if (trimmed === '' || trimmed.length > 450)
    throw fail('ARGUMENTS_INVALID', {
      command: 'incidents review',
      why: `--action takes "what to do @owner" of at most 450 characters, not "${text.slice(0, 60)}"`,
    });
  return { text: trimmed, owner };
}
