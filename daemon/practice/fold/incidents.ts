import type { LedgerRecord } from '../../../contracts/record.ts';
import { own } from '../../own.ts';
import { MAX_INCIDENTS, type PracticeState } from './state.ts';

const MAX_CAUSES = 50;

type IncidentRecord = LedgerRecord<
  | 'incident.opened'
  | 'incident.acknowledged'
  | 'incident.linked'
  | 'incident.resolved'
  | 'incident.reopened'
  | 'incident.reviewed'
>;

export function incident(state: PracticeState, record: IncidentRecord): void {
  if (record.type === 'incident.opened') {
    opened(state, record);
    return;
  }
  const known = own(state.incidents, record.body.id);
  if (known === undefined) return;
  switch (record.type) {
    case 'incident.acknowledged':
      known.acknowledged ??= record.ts;
      break;
    case 'incident.linked': {
      const { kind, job } = record.body;
      if (kind === 'caused_by' && job !== undefined && known.causes.length < MAX_CAUSES)
        known.causes.push(job);
      break;
    }
    case 'incident.resolved':
      known.ended = record.body.ended;
      break;
    case 'incident.reopened':
      known.ended = null;
      known.reopened += 1;
      break;
    case 'incident.reviewed':
      known.reviewed = true;
      break;
  }
}

function opened(state: PracticeState, { ts, body }: LedgerRecord<'incident.opened'>): void {
  const { id, title, severity, source, project, env, began } = body;
  state.incidents[id] = {
    id,
    title,
    severity,
    source,
    project,
    env,
    began,
    opened: ts,
    acknowledged: null,
    ended: null,
    reviewed: false,
    reopened: 0,
    causes: [],
  };
  const all = Object.values(state.incidents);
  if (all.length <= MAX_INCIDENTS) return;
  // One that is open is not forgotten, as long as there is another.
  const oldest = all.find(({ ended }) => ended !== null) ?? all[0];
  if (oldest === undefined) return;
  state.incidents_cut = Math.max(state.incidents_cut, oldest.opened);
  delete state.incidents[oldest.id];
}
