import type { RecordBody } from '../../contracts/record.ts';
import type { Projection } from '../ports/state.ts';

/** How far each sync job has come: `name`, or `name project`, in the order of their last advance. */
export type SyncState = Record<string, RecordBody<'sync.advanced'> & { at: number }>;

export const syncKey = (sync: string, project: string | undefined): string =>
  project === undefined ? sync : `${sync} ${project}`;

export const syncProjection: Projection<SyncState> = {
  name: 'sync',
  version: 1,
  initial: () => ({}),
  apply(state, record) {
    if (record.type !== 'sync.advanced') return state;
    const key = syncKey(record.body.sync, record.body.project);
    delete state[key];
    state[key] = { ...record.body, at: record.ts };
    return state;
  },
};
