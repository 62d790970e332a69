import type { LinearSpec } from '../../../contracts/estate/integrations.ts';
import type { EstateConfig } from '../../../contracts/estate.ts';
import type { LedgerRecord, RecordBody } from '../../../contracts/record.ts';
import { own } from '../../own.ts';
import type { IncidentView } from '../../ports/incidents.ts';
import { uuidOf } from './ids.ts';
import type { LinearState } from './projection.ts';
import { actionBody, incidentBody, noteBody, priorityOf, titleOf } from './words.ts';

type Queued = RecordBody<'linear.queued'>;

/** Notes that came out of Linear carry this and the id of their comment as their interaction. */
export const FROM_LINEAR = 'linear:';
/** Cause of an incident that a label opened; its issue is there already. */
export const causeOf = (issue: string): string => `linear:${issue}`;

/** What a record asks to be done in Linear. Pure: the same record, the same ids. */
export function worksOf(
  record: LedgerRecord,
  {
    config,
    spec,
    state,
    clean,
  }: { config: EstateConfig; spec: LinearSpec; state: LinearState; clean(text: string): string },
): Queued[] {
  const { seq: of } = record;
  const made = (issue: string, incident: string, work: Queued['work']): Queued => ({
    op: uuidOf('op', incident, String(of), work.kind),
    of,
    issue,
    incident,
    work,
  });
  const issueOf = (incident: string): string | undefined => own(state.links, incident)?.issue;
  const about = (incident: string, work: Queued['work']): Queued[] => {
    const issue = issueOf(incident);
    return issue === undefined ? [] : [made(issue, incident, work)];
  };
  const comment = (incident: string, body: string): Queued[] =>
    about(incident, { kind: 'comment', comment: uuidOf('comment', incident, String(of)), body: clean(body) });
  const userOf = (person: string): string | undefined => own(config.people, person)?.linear[0];

  switch (record.type) {
    case 'incident.opened': {
      const { id, title, severity, cause } = record.body;
      if (cause.startsWith(FROM_LINEAR) || issueOf(id) !== undefined) return [];
      const issue = uuidOf('incident', id);
      const work: Queued['work'] = {
        kind: 'issue',
        purpose: 'incident',
        title: titleOf(clean(title)),
        body: clean(incidentBody(record.body)),
        priority: priorityOf(severity),
        labels: spec.labels.incident,
      };
      return [{ ...made(issue, id, work), op: uuidOf('op', issue) }];
    }
    case 'incident.acknowledged': {
      const { id, by } = record.body;
      const assignee = userOf(by);
      // Nobody of Linear: said instead.
      return assignee === undefined
        ? comment(id, noteBody(by, 'I have taken it on.'))
        : about(id, { kind: 'assign', assignee });
    }
    case 'incident.noted': {
      const { id, by, text, interaction } = record.body;
      return interaction?.startsWith(FROM_LINEAR) === true ? [] : comment(id, noteBody(by, text));
    }
    case 'incident.resolved': {
      const { id, by, why } = record.body;
      return [
        ...(why.startsWith(RESOLVED_THERE) ? [] : comment(id, noteBody(by, `Resolved: ${why}`))),
        ...about(id, { kind: 'state', to: 'completed' }),
      ];
    }
    case 'incident.reopened':
      return [
        ...comment(record.body.id, noteBody(record.body.by, `Again: ${record.body.why}`)),
        ...about(record.body.id, { kind: 'state', to: 'open' }),
      ];
    case 'incident.reviewed': {
      const { id, by, actions } = record.body;
      return actions.map(({ text, owner }) => {
        const assignee = userOf(owner);
        // Reviewed again: the same action is the same issue.
        const issue = uuidOf('action', id, text, owner);
        const work: Queued['work'] = {
          kind: 'issue',
          purpose: 'action',
          title: titleOf(clean(text)),
          body: clean(actionBody(id, { by, owner })),
          priority: 0,
          labels: spec.labels.action,
          ...(assignee === undefined ? {} : { assignee }),
        };
        return { ...made(issue, id, work), op: uuidOf('op', issue) };
      });
    }
    default:
      return [];
  }
}

/** Beginning of the reason of what was resolved over there. */
export const RESOLVED_THERE = 'In Linear: ';

/** As if it had been opened just now: for what was open before Linear was switched on. */
export function openedAt(seq: number, incident: IncidentView): LedgerRecord<'incident.opened'> {
  const { id, title, severity, source, cause, project, env, probe, job, text, began, by } = incident;
  const more = { ...(probe === undefined ? {} : { probe }), ...(job === undefined ? {} : { job }) };
  const body = { id, title, severity, source, cause, project, env, text, began, by, ...more };
  return { v: 1, seq, ts: incident.opened_at, type: 'incident.opened', body };
}
