import { cp, mkdir, stat } from 'node:fs/promises';
import { constants } from 'node:fs';
import { join } from 'node:path';
import { mustNotice, type Control } from '../control.ts';
import type { DriverContext } from '../driver.ts';
import { flip, flippedWords, spoil, toggle } from '../flip.ts';
import type { Ran } from '../programs.ts';
import { filesBelow } from '../verify/tree.ts';
import type { Restic, Snapshot } from './restic.ts';

/** A larger repository is not copied for the control, bytes. */
const MAX_COPY = 2 * 1024 ** 3;

/** Nonce and authentication code of restic's encryption alone have so many bytes. */
const SMALLEST_BLOB = 32;

interface Copied {
  /** The verified copy. */
  data: string;
  /** What was verified of it, relative. */
  files: readonly string[];
  target: string;
  snapshot: Snapshot;
  /** The verification that passed on it. */
  check(): Promise<unknown>;
  failed(ran: Ran): Error;
}

/**
 * Damages on purpose, twice: one bit of one restored file, which the verification must notice; and, of a local repository,
 * every blob in a copy of it, from which restic must refuse to restore. The real repository is not written to.
 *
 * @throws DRILL_WORTHLESS
 */
export async function filesControl(
  restic: Restic,
  context: DriverContext,
  { data, files, target, snapshot, check, failed }: Copied,
): Promise<Control[]> {
  const { signal } = context;
  const flipped = await flip(data, files);
  const controls = [await mustNotice(flippedWords(flipped), check)];
  // The service is started on this copy.
  await toggle(data, flipped);
  if (restic.folder === undefined) return controls;
  const size = await bytesOf(restic.folder, signal);
  if (size > MAX_COPY) {
    const { log } = context;
    await log(`the control on a copied repository is left out: it has ${size} bytes, over ${MAX_COPY}\n`);
    return controls;
  }
  const copy = join(target, 'repository');
  await mkdir(copy, { mode: 0o700 });
  // Locks stay behind: that of another run would be taken for the damage.
  await cp(restic.folder, copy, {
    recursive: true,
    mode: constants.COPYFILE_FICLONE,
    filter: (from) => !from.startsWith(join(restic.folder ?? '', 'locks') + '/'),
  });
  const packs = await filesBelow([join(copy, 'data')], signal);
  // It may hold other snapshots, too, and parts that no restore reads: only damage to every blob surely meets this one.
  for (const pack of packs) await spoil(pack, SMALLEST_BLOB);
  const into = join(target, 'control');
  await context.log('the control: from a copy that was damaged on purpose restic must refuse to restore\n');
  controls.push(
    await mustNotice(`one bit in every ${SMALLEST_BLOB} bytes of a copied repository`, () =>
      restic.on(copy).run(['restore', snapshot.id, '--target', into], failed),
    ),
  );
  return controls;
}

async function bytesOf(folder: string, signal: AbortSignal): Promise<number> {
  let size = 0;
  for (const path of await filesBelow([folder], signal)) size += (await stat(path)).size;
  return size;
}
