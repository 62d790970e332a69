import { join } from 'node:path';
import { fail } from '../../contracts/errors.ts';
import type { DriverContext, DriverDeps } from './driver.ts';
import { mustNotice, type Control } from './control.ts';
import { flip, flippedWords } from './flip.ts';
import { copyFile } from './home/copy.ts';
import type { Shelved } from './shelf.ts';

/** Copies a backup's file into the scratch, and demands the digest that was recorded. @throws BACKUP_CORRUPT */
export async function fetchFile(
  deps: Pick<DriverDeps, 'fs'>,
  { signal }: Pick<DriverContext, 'signal'>,
  { id, path, checkpoint }: Shelved,
  to: string,
): Promise<void> {
  const { file } = checkpoint;
  const corrupt = (why: string): Error => fail('BACKUP_CORRUPT', { id, why });
  if (file === undefined) throw corrupt('its checkpoint names no digest');
  const copied = await copyFile(deps.fs, path, to, { signal });
  if (copied.size !== file.size) throw corrupt(`it has ${copied.size} bytes instead of ${file.size}`);
  if (copied.sha256 !== file.sha256) throw corrupt(`it has the digest ${copied.sha256}`);
}

/** One bit of a copy of the backup is flipped, and fetching that copy must be refused. The backup itself is only read. */
export async function fileControl(
  deps: Pick<DriverDeps, 'fs'>,
  context: Pick<DriverContext, 'signal'>,
  backup: Shelved,
  dir: string,
): Promise<Control> {
  await copyFile(deps.fs, backup.path, join(dir, 'damaged'), context);
  const flipped = await flip(dir, ['damaged']);
  const damaged = { ...backup, path: join(dir, 'damaged') };
  return mustNotice(flippedWords({ ...flipped, file: `a copy of the backup` }), () =>
    fetchFile(deps, context, damaged, join(dir, 'refused')),
  );
}
