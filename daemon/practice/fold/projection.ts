import type { LedgerRecord } from '../../../contracts/record.ts';
import type { Projection } from '../../ports/state.ts';
import { own } from '../../own.ts';
import { attempted, blamed, queued, resolvedAs } from './changes.ts';
import { incident } from './incidents.ts';
import { MAX_TRAIL, type PracticeState, type Trail } from './state.ts';

const INCIDENT_ALERT = /^incident:(inc_[0-9a-f]{16})$/;

/** What the numbers of the practice are made from. Bounded; what was dropped is said (`cut`). */
export const practiceProjection: Projection<PracticeState> = {
  name: 'practice',
  version: 3,
  initial: () => ({
    changes: {},
    changes_cut: 0,
    incidents: {},
    incidents_cut: 0,
    missed: { items: [], cut: 0 },
    alerts: { items: [], cut: 0 },
    deliveries: { items: [], cut: 0 },
    heals: { items: [], cut: 0 },
    reviews: {},
    totals: {},
    missed_totals: {},
  }),
  apply(state, record) {
    switch (record.type) {
      case 'job.queued':
        queued(state, record);
        break;
      case 'job.attempt':
        attempted(state, record);
        break;
      case 'job.resolved':
        resolvedAs(state, record);
        break;
      case 'incident.linked':
        incident(state, record);
        if (record.body.kind === 'caused_by' && record.body.job !== undefined)
          blamed(state, record.body.job, record.body.id);
        break;
      case 'incident.opened':
      case 'incident.acknowledged':
      case 'incident.resolved':
      case 'incident.reopened':
      case 'incident.reviewed':
        incident(state, record);
        break;
      case 'heal.ended': {
        const { incident: id, rule, outcome } = record.body;
        push(state.heals, { at: record.ts, incident: id, rule, outcome });
        break;
      }
      case 'schedule.slot':
        slot(state, record);
        break;
      case 'alert.raised':
        raised(state, record);
        break;
      case 'alert.resolved': {
        const open = state.alerts.items.findLast(({ key }) => key === record.body.key);
        if (open !== undefined) open.resolved ??= record.ts;
        break;
      }
      case 'alert.acknowledged': {
        // Taking the alert of an incident is taking the incident.
        const id = INCIDENT_ALERT.exec(record.body.key)?.[1];
        const taken = id === undefined ? undefined : own(state.incidents, id);
        if (taken !== undefined) taken.acknowledged ??= record.ts;
        break;
      }
      case 'alert.delivered': {
        const { channel, outcome } = record.body;
        push(state.deliveries, { at: record.ts, channel, outcome });
        break;
      }
      case 'review.opened':
        state.reviews[record.body.id] = record.ts;
        break;
      case 'review.closed':
        delete state.reviews[record.body.id];
        break;
    }
    return state;
  },
};

function push<T extends { at: number }>(trail: Trail<T>, item: T): void {
  trail.items.push(item);
  if (trail.items.length > MAX_TRAIL) trail.cut = Math.max(trail.cut, trail.items.shift()?.at ?? 0);
}

/** A slot that did not run although nobody wanted that. */
function slot(state: PracticeState, { body }: LedgerRecord<'schedule.slot'>): void {
  const { schedule, slot: at, until, outcome, why = '', backfill } = body;
  // A record of before the count was written down stands for two at least.
  const { count = until === undefined ? 1 : 2 } = body;
  if (outcome === 'ran' || backfill === true || why.startsWith('paused by ')) return;
  push(state.missed, {
    at,
    schedule,
    outcome,
    why: why.slice(0, 200),
    ...(until === undefined ? {} : { until, count }),
  });
  state.missed_totals[schedule] = (state.missed_totals[schedule] ?? 0) + count;
}

/** The same record also says that an open alert has changed: then it is no new one. */
function raised(state: PracticeState, { ts, body }: LedgerRecord<'alert.raised'>): void {
  const { key, severity, source, project, env } = body;
  const open = state.alerts.items.findLast((alert) => alert.key === key);
  if (open?.resolved === null) {
    open.severity = severity;
    return;
  }
  push(state.alerts, {
    at: ts,
    key,
    severity,
    source,
    ...(project === undefined ? {} : { project }),
    ...(env === undefined ? {} : { env }),
    resolved: null,
  });
}
