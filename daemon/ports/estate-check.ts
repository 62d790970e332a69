import type { EstateConfig } from '../../contracts/estate.ts';

/** Where in reeve.yaml: keys and indexes from the root. */
export type EstatePath = readonly (string | number)[];

/** What a feature knows to be wrong with its part of reeve.yaml although every schema accepts it. */
export type EstateCheck = (
  config: EstateConfig,
  tell: {
    /** `key`: the mistake is that key itself, inside `path`. */
    error(path: EstatePath, message: string, key?: string): void;
    warning(path: EstatePath, message: string, key?: string): void;
  },
) => Promise<void> | void;
