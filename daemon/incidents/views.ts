import { fail } from '../../contracts/errors.ts';
import type { HealSpec } from '../../contracts/estate/incidents.ts';
import { own } from '../own.ts';
import type { Incidents, IncidentView, RuleView } from '../ports/incidents.ts';
import { cut, oneLine } from '../text.ts';
import { activeHeal, type IncidentRow, type IncidentsState } from './state.ts';

const stateOf = ({ resolved, review, ack }: IncidentRow): IncidentView['state'] =>
  review !== null && resolved !== null
    ? 'reviewed'
    : resolved !== null
      ? 'resolved'
      : ack !== null
        ? 'acknowledged'
        : 'open';

export function viewOf(row: IncidentRow): IncidentView {
  const { body, opened, ack, resolved, review, reopened, links, heals, decision, postmortem } = row;
  return {
    ...body,
    state: stateOf(row),
    opened_at: opened,
    acknowledged_at: ack?.at ?? null,
    acknowledged_by: ack?.by ?? null,
    resolved_at: resolved?.at ?? null,
    resolved_by: resolved?.by ?? null,
    resolution: resolved?.why ?? '',
    ended: resolved?.ended ?? null,
    reopened,
    links: links.map((link) => ({ ...link })),
    heals: heals.map(({ rule, n, decided, job, rollback, ended, verified }) => ({
      rule,
      n,
      at: decided,
      job,
      rollback,
      outcome: ended?.outcome ?? null,
      rolled_back: (ended?.rolled_back as 'no' | 'done' | 'failed' | undefined) ?? null,
      why: ended?.why ?? verified?.why ?? '',
    })),
    healing: decision === null ? null : { ...decision },
    review:
      review === null
        ? null
        : { by: review.by, at: review.at, summary: review.summary, actions: [...review.actions] },
    postmortem: postmortem === null ? null : { ...postmortem },
  };
}

const rowsOf = (state: IncidentsState): IncidentRow[] =>
  [...state.closed, ...Object.values(state.open)].toSorted((a, b) => b.seq - a.seq);

export function listIncidents(
  state: IncidentsState,
  { state: wanted, project, limit = Infinity }: Parameters<Incidents['list']>[0] = {},
): IncidentView[] {
  return rowsOf(state)
    .map((row) => viewOf(row))
    .filter(
      (view) =>
        (wanted === undefined || view.state === wanted) &&
        (project === undefined || view.project === project),
    )
    .slice(0, limit);
}

/** See `Incidents.get`. */
export function findIncident(
  state: IncidentsState,
  text: string,
  may: (view: IncidentView) => boolean = () => true,
): IncidentView {
  const hex = /^(?:inc_)?([0-9a-f]{4,16})$/.exec(text)?.[1];
  const notFound = fail('INCIDENT_NOT_FOUND', { id: oneLine(cut(text, 60), 80) });
  if (hex === undefined) throw notFound;
  const found = rowsOf(state)
    .filter(({ body }) => body.id.startsWith(`inc_${hex}`))
    .map((row) => viewOf(row))
    .filter((view) => may(view));
  const [first, ...more] = found;
  if (first === undefined) throw notFound;
  if (more.length > 0)
    throw fail('INCIDENT_AMBIGUOUS', {
      id: text,
      matches: found
        .slice(0, 5)
        .map(({ id }) => id)
        .join(', '),
    });
  return first;
}

/** Heals begun under a rule within its window. */
export const usedOf = (state: IncidentsState, rule: string, within: number, now: number): number =>
  (own(state.rules, rule)?.runs ?? []).filter((at) => at > now - within).length;

/** The incident that a rule heals now. */
export const busyWith = (state: IncidentsState, rule: string): string | null =>
  [...Object.values(state.open), ...state.closed].find((row) => activeHeal(row)?.rule === rule)?.body.id ??
  null;

export function ruleViews(
  state: IncidentsState,
  healing: Readonly<Record<string, HealSpec>>,
  now: number,
): RuleView[] {
  return Object.entries(healing).map(([rule, { runbook, project, env, max, within }]) => {
    const known = own(state.rules, rule);
    return {
      rule,
      runbook,
      project,
      env,
      used: usedOf(state, rule, within, now),
      max,
      within,
      breaker: known === undefined || known.breaker === null ? 'closed' : 'open',
      why: known?.breaker?.why ?? '',
      last: known?.last ?? null,
      busy: busyWith(state, rule),
    };
  });
}
