import type { RecordBody } from '../../contracts/record.ts';
import type { Projection } from '../ports/state.ts';

const MAX_RELEASES = 100;

/** Project → its newest releases, the newest last. */
export type ReleasesState = Record<string, (RecordBody<'release.cut'> & { at: number })[]>;

export const releasesProjection: Projection<ReleasesState> = {
  name: 'releases',
  version: 1,
  initial: () => ({}),
  apply(state, record) {
    if (record.type !== 'release.cut') return state;
    const { project } = record.body;
    state[project] = [...(state[project] ?? []), { ...record.body, at: record.ts }].slice(-MAX_RELEASES);
    return state;
  },
};
