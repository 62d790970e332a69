import type { Projection } from '../ports/state.ts';

/** The system zone as it was last accepted; `digest` is that of the artifact with its manifest. */
export interface ZonesState {
  accepted: { digest: string; files: number; by: string; at: number } | null;
}

export const zonesProjection: Projection<ZonesState> = {
  name: 'zones',
  version: 1,
  initial: () => ({ accepted: null }),
  apply(state, record) {
    if (record.type !== 'zone.accepted') return state;
    const { digest, files, by } = record.body;
    return { accepted: { digest, files, by, at: record.ts } };
  },
};
