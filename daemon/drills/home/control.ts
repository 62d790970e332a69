import { constants } from 'node:fs';
import { copyFile, mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { ReeveError, errorTable, fail } from '../../../contracts/errors.ts';
import type { Head } from '../../ports/ledger.ts';
import { flip, type Flipped } from '../flip.ts';

export interface Control extends Flipped {
  /** How the damage was noticed: an error code, or the head that came out instead. */
  noticed: string;
}

/**
 * The negative control: copies a verified ledger folder, flips one random bit of its records, and demands that the very
 * same verification fails. Only an integrity error or another head counts as noticing; a missing file would not.
 *
 * @param into A folder that does not exist yet.
 * @throws DRILL_WORTHLESS when the damage passes.
 */
export async function negativeControl(
  ledger: string,
  into: string,
  expected: Head,
  verify: (dir: string) => Promise<Head>,
): Promise<Control> {
  await mkdir(into, { recursive: true, mode: 0o700 });
  const names = (await readdir(ledger, { withFileTypes: true })).filter((e) => e.isFile()).map((e) => e.name);
  for (const name of names) await copyFile(join(ledger, name), join(into, name), constants.COPYFILE_FICLONE);
  const flipped = await flip(into, names.filter((name) => name.endsWith('.jsonl')).sort());
  const place = `bit ${flipped.bit} of byte ${flipped.byte} of ${flipped.file}`;
  try {
    const head = await verify(into);
    if (head.size !== expected.size || head.root !== expected.root)
      return { ...flipped, noticed: `another head: ${head.size} records, ${head.root}` };
  } catch (error) {
    if (error instanceof ReeveError && errorTable[error.code].exit === 'integrity')
      return { ...flipped, noticed: error.code };
    const why = `the negative control could not be judged: ${error instanceof Error ? error.message : String(error)}`;
    throw fail('DRILL_WORTHLESS', { why }, { cause: error });
  }
  throw fail('DRILL_WORTHLESS', { why: `verification passed a copy in which ${place} was flipped` });
}
