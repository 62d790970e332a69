import type { RecordBody } from '../../../contracts/record.ts';
import type { Projection } from '../../ports/state.ts';

const MAX_VERSIONS = 20;

/** Schema → its newest versions, the newest last. */
export type SchemasState = Record<string, (RecordBody<'sync.schema'> & { at: number })[]>;

export const schemasProjection: Projection<SchemasState> = {
  name: 'schemas',
  version: 1,
  initial: () => ({}),
  apply(state, record) {
    if (record.type !== 'sync.schema') return state;
    const { schema } = record.body;
    const versions = [...(state[schema] ?? []), { ...record.body, at: record.ts }];
    state[schema] = versions.slice(-MAX_VERSIONS);
    return state;
  },
};
