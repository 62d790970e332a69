import { canonical } from '../canonical.ts';
import { digestOf } from '../digest.ts';
import { own } from '../own.ts';
import type { Config } from '../ports/config.ts';
import type { MandateRow } from './mandate-projection.ts';
import { namedBy, standingOf } from './mandate-source.ts';

/** The files of the runbook folder now: id → bytes. */
export type RunbookBytes = ReadonlyMap<string, Uint8Array>;

/**
 * True when a mandate in force is as it was accepted, told from bytes alone, so that no runbook need be parsed: the same
 * entry, each runbook with its accepted digest, and none that calls another (a file without that word has no such step),
 * so there are no further ones. False says nothing.
 */
export function isUntouched(config: Config, row: MandateRow, files: RunbookBytes): boolean {
  const { id, entry, runbooks } = row.mandate;
  const spec = standingOf(config, id);
  if (row.suspended !== null || spec === undefined || canonical(spec) !== entry) return false;
  const names = Object.keys(runbooks);
  const named = namedBy(spec);
  return (
    names.length <= 1 &&
    names.length === named.length &&
    names.every((name) => {
      const bytes = files.get(name);
      return (
        name === named[0] &&
        bytes !== undefined &&
        digestOf(bytes) === own(runbooks, name) &&
        !Buffer.from(bytes).includes('call')
      );
    })
  );
}
