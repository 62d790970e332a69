import { chmod, copyFile, cp, mkdir, readFile, readdir } from 'node:fs/promises';
import { constants } from 'node:fs';
import { join } from 'node:path';
import { fail } from '../../../contracts/errors.ts';
import { sha256Hex } from '../../digest.ts';
import { errno } from '../../durable.ts';
import { controlOutput, mustNotice } from '../control.ts';
import type { DriverContext, DriverDeps, RestoreResult } from '../driver.ts';
import { flip, flippedWords, toggle } from '../flip.ts';
import { absolute } from '../options.ts';
import { Phases } from '../phases.ts';
import { disaster } from '../recovery-point.ts';
import { Shelf, type Shelved } from '../shelf.ts';
import { inTarget } from '../target.ts';
import { ask, resultOf } from './ask.ts';
import { BASE } from './base-backup.ts';
import { addressOf, connect } from './connect.ts';
import { MANIFEST, verifyBase } from './manifest.ts';
import type { RestoreOptions } from './options.ts';
import { programMajor, serverBin } from './programs.ts';
import { withServer } from './server.ts';
import { firstWal } from './wal.ts';

/**
 * Copies a base backup into the scratch, proves each file by PostgreSQL's own manifest, starts a private server on it that
 * replays the WAL to its end or to a time, and asks that server. No other server is connected to.
 *
 * @throws DATABASE_UNREACHABLE, PROGRAM_*, SERVER_*, BACKUP_NOT_FOUND, BACKUP_CORRUPT, RESTORE_*, DRILL_WORTHLESS …
 */
export async function restoreBase(
  deps: DriverDeps,
  options: RestoreOptions,
  context: DriverContext,
): Promise<RestoreResult> {
  const shelf = new Shelf(deps, 'postgres', absolute(context.root, options.from), BASE);
  return inTarget(deps, context, { wanted: options.target, avoid: [shelf.dir] }, (target) =>
    drill(deps, options, context, shelf, target),
  );
}

async function drill(
  deps: DriverDeps,
  options: RestoreOptions,
  context: DriverContext,
  shelf: Shelf,
  target: string,
): Promise<RestoreResult> {
  const { signal, root } = context;
  const live = addressOf(options.live, await context.secret(options.live));
  const cut = await disaster(deps, context, 'postgres', options.sentinel);
  const phases = new Phases(deps.clock, signal);
  const data = join(target, 'data');
  const { backup, files } = await phases.run('fetch', async () => {
    const found = await shelf.find(options.backup, options.checkpoint);
    const copied = await fetchBase(found, data, signal);
    if (options.wal !== undefined)
      await fetchWal(absolute(root, options.wal), join(target, WAL), found.id, data, signal);
    return { backup: found, files: copied };
  });
  const major = Number((await readFile(join(data, 'PG_VERSION'), 'utf8')).trim());
  const bin = await serverBin(options.bin === undefined ? undefined : absolute(root, options.bin), major);
  const found = await programMajor(deps, context, 'postgres', bin);
  if (found !== major) throw fail('PROGRAM_VERSION', { program: 'postgres', found, needed: String(major) });

  // Before the server changes the files; no part of the recovery time.
  const flipped = await flip(data, files);
  const controls = [
    await mustNotice(flippedWords({ ...flipped, file: `${flipped.file} in a copy` }), () =>
      verifyBase(data, backup.id, signal),
    ),
  ];
  await toggle(data, flipped);

  const { user, database } = live;
  const wal = options.wal === undefined ? undefined : WAL;
  // After further WAL the rows are no longer those of the backup.
  const counts = options.verify.counts && wal === undefined;
  const asks = { ...options, verify: { ...options.verify, counts } };
  const started = phases.begin('restore');
  return withServer(
    deps,
    context,
    { data, user, database, bin, wal, until: options.until },
    async (address) => {
      started();
      const open = (readOnly: boolean) =>
        connect(address, { statementTimeoutMs: options.statement_timeout, readOnly, signal });
      const asked = await ask(deps, asks, context, { open, address, database, target, backup, cut, phases });
      controls.push(asked.control);
      const service = await asked.boot();
      const outputs = {
        ...asked.outputs,
        ...service,
        files: String(files.length),
        control: controlOutput(controls),
      };
      return resultOf(backup, outputs, asked.point, phases);
    },
  );
}

const WAL = 'wal';

/**
 * Copies the archived WAL from the backup's first segment on: the private server then needs nothing outside of the scratch,
 * nor the rights to read what belongs to another user.
 */
async function fetchWal(
  from: string,
  to: string,
  id: string,
  data: string,
  signal: AbortSignal,
): Promise<void> {
  const first = await firstWal(data, id);
  const names = await readdir(from).catch((cause: unknown) => {
    const why = `the archived WAL in ${from} cannot be read (${errno(cause)})`;
    throw fail('RESTORE_FAILED', { why, job: '' }, { cause });
  });
  await mkdir(to, { mode: 0o700 });
  for (const name of names) {
    signal.throwIfAborted();
    // Segments of a later timeline count, too: their number follows the timeline's.
    const segment = /^[0-9A-F]{24}$/.test(name) && name.slice(8) >= first.slice(8) && name >= first;
    if (segment || /^[0-9A-F]{8}\.history$/.test(name))
      await copyFile(join(from, name), join(to, name), constants.COPYFILE_FICLONE);
  }
}

/** Copies it, and proves the copy. @returns its files, relative */
async function fetchBase(
  { id, path, checkpoint }: Shelved,
  data: string,
  signal: AbortSignal,
): Promise<string[]> {
  const manifest = await readFile(join(path, MANIFEST)).catch(() => Buffer.alloc(0));
  if (sha256Hex(manifest) !== checkpoint.file?.sha256)
    throw fail('BACKUP_CORRUPT', { id, why: `its ${MANIFEST} is not the one that was recorded` });
  signal.throwIfAborted();
  await cp(path, data, { recursive: true, mode: constants.COPYFILE_FICLONE, preserveTimestamps: true });
  await chmod(data, 0o700);
  return verifyBase(data, id, signal);
}
