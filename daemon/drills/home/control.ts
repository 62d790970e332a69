import { randomInt } from 'node:crypto';
import { constants } from 'node:fs';
import { copyFile, mkdir, open, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { ReeveError, errorTable, fail } from '../../../contracts/errors.ts';
import type { Head } from '../../ports/ledger.ts';

export interface Control {
  file: string;
  byte: number;
  /** 0 is the least significant. */
  bit: number;
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

async function flip(dir: string, names: readonly string[]): Promise<Omit<Control, 'noticed'>> {
  const sizes = await Promise.all(names.map(async (name) => (await stat(join(dir, name))).size));
  const total = sizes.reduce((sum, size) => sum + size, 0);
  if (total === 0) throw fail('DRILL_WORTHLESS', { why: 'there is not a byte to damage' });
  // randomInt is limited to 2^48 − 1: 256 TiB.
  let byte = randomInt(total);
  let index = 0;
  for (const size of sizes) {
    if (byte < size) break;
    byte -= size;
    index += 1;
  }
  const file = names[index] ?? '';
  const bit = randomInt(8);
  const handle = await open(join(dir, file), 'r+');
  try {
    const one = Buffer.alloc(1);
    await handle.read(one, 0, 1, byte);
    one[0] = (one[0] ?? 0) ^ (1 << bit);
    await handle.write(one, 0, 1, byte);
  } finally {
    await handle.close();
  }
  return { file, byte, bit };
}
