import { fail, type ReeveError } from '../../contracts/errors.ts';
import type { Projection } from '../ports/state.ts';
import { utc } from './identity.ts';

export interface LockEntry {
  lock: string;
  /** Attempt id. */
  owner: string;
  fence: number;
  /** Milliseconds since the epoch. */
  since: number;
  lease_until: number;
  reason: string;
}

/** No lock's name is a key that objects treat in a special way. */
const keyOf = (lock: string): string => `lock ${lock}`;

export interface LocksState {
  locks: Record<string, LockEntry>;
}

/** Who holds which lock. The same owner acquiring again renews its lease. */
export const locksProjection: Projection<LocksState> = {
  name: 'locks',
  version: 1,
  initial: () => ({ locks: {} }),
  apply(state, record) {
    switch (record.type) {
      case 'lock.acquired': {
        const { lock, owner, fence, reason, lease_until } = record.body;
        const held = lockOf(state, lock);
        const since = held?.owner === owner ? held.since : record.ts;
        state.locks[keyOf(lock)] = { lock, owner, fence, since, lease_until, reason };
        break;
      }
      case 'lock.released':
        if (lockOf(state, record.body.lock)?.owner === record.body.owner)
          delete state.locks[keyOf(record.body.lock)];
        break;
      case 'lock.stolen':
        if (lockOf(state, record.body.lock)?.owner === record.body.from)
          delete state.locks[keyOf(record.body.lock)];
        break;
      default:
    }
    return state;
  },
};

export const lockOf = (state: LocksState, lock: string): LockEntry | undefined => state.locks[keyOf(lock)];

export const heldError = ({
  lock,
  owner,
  since,
  reason,
}: Omit<LockEntry, 'fence' | 'lease_until'>): ReeveError =>
  fail('LOCK_HELD', { lock, owner, since: utc(since), reason });
