import type { Block, Cell } from '../../contracts/reply.ts';
import type { ActionContext } from '../ports/actions.ts';
import type { IncidentView, TimelineEntry } from '../ports/incidents.ts';
import type { JobView } from '../ports/jobs.ts';

/** Deployments that ended so long before the trouble began are shown beside it, ms. */
const BEFORE_MS = 2 * 3_600_000;
const DEPLOYING: ReadonlySet<string> = new Set(['deploy', 'promote', 'rollback', 'patch']);

/** An incident's fields, its heals, and what was deployed shortly before. */
export function incidentBlocks(context: ActionContext, incident: IncidentView): Block[] {
  const { id, severity, project, env, cause, probe, text, began, opened_at, ended, by } = incident;
  const { acknowledged_at, acknowledged_by, resolved_at, resolution, resolved_by, links } = incident;
  const field = (label: string, value: Cell): { label: string; value: Cell } => ({ label, value });
  return [
    {
      type: 'fields',
      fields: [
        field('Incident', id),
        field('Severity', severity),
        field('Where', `${project}/${env}`),
        field('Cause', cause),
        ...(probe === undefined || cause === `probe:${probe}` ? [] : [field('Probe', probe)]),
        ...(text === '' ? [] : [field('What', text)]),
        field('Began', { time: began }),
        field('Opened', { time: opened_at }),
        field('By', by),
        ...(acknowledged_at === null || acknowledged_by === null
          ? []
          : [field('Acknowledged', { time: acknowledged_at }), field('Taken by', acknowledged_by)]),
        ...(ended === null
          ? []
          : [field('Ended', { time: ended }), field('Lasted', { duration: ended - began })]),
        ...(resolved_at === null ? [] : [field('Resolved', `${resolved_by ?? ''}: ${resolution}`)]),
        ...(incident.reopened === 0 ? [] : [field('Came back', incident.reopened)]),
        ...links.map(({ kind, job, incident: other }) =>
          field(kind === 'related' ? 'Belongs to it' : kind.replaceAll('_', ' '), job ?? other ?? ''),
        ),
        ...(incident.healing === null || incident.healing.decision === 'run'
          ? []
          : [
              field(
                'Healing',
                `${incident.healing.rule}: ${incident.healing.decision.replaceAll('_', ' ')}: ${incident.healing.why}`,
              ),
            ]),
        ...(incident.postmortem === null
          ? []
          : [
              field(
                'Postmortem',
                incident.postmortem.path ?? incident.postmortem.artifact.digest ?? 'artifact',
              ),
            ]),
      ],
    },
    ...healTable(incident),
    ...suspects(context, incident),
  ];
}

function healTable({ heals }: IncidentView): Block[] {
  if (heals.length === 0) return [];
  return [
    {
      type: 'table',
      columns: [
        { label: 'Heal' },
        { label: 'Rule' },
        { label: 'When' },
        { label: 'Job' },
        { label: 'Outcome' },
        { label: 'Rolled back' },
        { label: 'Why' },
      ],
      rows: heals.map(({ n, rule, at, job, outcome, rolled_back, why }): Cell[] => [
        n,
        rule,
        { time: at },
        job === null ? '–' : { id: job },
        outcome === null
          ? { tone: 'info', text: 'under way' }
          : { tone: outcome === 'healed' ? 'good' : 'bad', text: outcome },
        rolled_back === 'failed' ? { tone: 'bad', text: 'failed' } : (rolled_back ?? '–'),
        why,
      ]),
      empty: '',
    },
  ];
}

/** What ended in the same place shortly before it began: shown, never linked by itself. */
function suspects({ jobs, people, caller }: ActionContext, incident: IncidentView): Block[] {
  const { id, project, env, began, links, source } = incident;
  if (source === 'deploy' || links.some(({ kind }) => kind === 'caused_by')) return [];
  const ended = ({ attempts }: JobView): number => attempts.at(-1)?.ended_at ?? 0;
  const found = jobs
    .list({ project })
    .filter((job) => DEPLOYING.has(job.spec.action) && job.spec.env === env)
    .filter((job) => ended(job) > began - BEFORE_MS && job.queued_at < began)
    .filter((job) => people.allows(caller.person, 'view', job.spec.project, job.spec.env))
    .slice(0, 3);
  return found.map((job) => ({
    type: 'hint',
    text: `${job.title} (${job.spec.action}, ${job.status}) ended shortly before. If it caused this: reeve incidents link ${id.slice(0, 12)} --job ${job.spec.job_id.slice(0, 12)}`,
  }));
}

export const timelineBlock = (timeline: readonly TimelineEntry[], began: number): Block => ({
  type: 'table',
  columns: [
    { label: 'When' },
    { label: 'After', align: 'right' },
    { label: 'What' },
    { label: 'Who' },
    { label: 'Record', align: 'right' },
  ],
  rows: timeline.map(({ at, text, by, seq }): Cell[] => [
    { time: at },
    { duration: Math.max(0, at - began) },
    text,
    by ?? '',
    seq,
  ]),
  empty: 'Nothing is recorded yet.',
});
