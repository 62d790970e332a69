import { lstat } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { ReeveError, fail } from '../../../contracts/errors.ts';
import { errno } from '../../durable.ts';
import type { BackupResult, DriverContext, DriverDeps } from '../driver.ts';
import { absolute } from '../options.ts';
import { storeCheckpoint } from '../verify/checkpoint.ts';
import { digestTree } from '../verify/tree.ts';
import { forgetSnapshots } from './forget.ts';
import { isMark } from './mark.ts';
import type { BackupOptions } from './options.ts';
import { backupFailed, openRestic, type Restic } from './restic.ts';
import { checkpointTag } from './tag.ts';

/** The parts of restic's summary that are used. */
const Summary = z.object({
  message_type: z.literal('summary'),
  snapshot_id: z.string().regex(/^[0-9a-f]{8,64}$/),
  total_files_processed: z.int().min(0),
  total_bytes_processed: z.int().min(0),
});

/**
 * A restic snapshot of the paths. Before it, every file is read and its digest recorded; the snapshot carries the digest of
 * that record as a tag, so that a restore years later finds what it must be compared with. Then old snapshots are forgotten.
 *
 * @throws BACKUP_FAILED, BACKUP_NOT_FORGOTTEN, BACKUP_REPOSITORY_*, BACKUP_PASSWORD_WRONG, PROGRAM_MISSING
 */
export async function backupFiles(
  deps: DriverDeps,
  options: BackupOptions,
  context: DriverContext,
): Promise<BackupResult> {
  const restic = await openRestic(deps, context, options);
  const failed = backupFailed(context);
  // The answer to a missing repository comes before minutes are spent on digests.
  await open(restic, options.init, failed, context);

  const paths = options.paths.map((path) => absolute(context.root, path));
  const at = deps.clock.now();
  const all = await digestTree(paths, context.signal).catch((error: unknown) => {
    if (errno(error) === '') throw error;
    const why = error instanceof Error ? error.message : String(error);
    throw fail(
      'BACKUP_FAILED',
      { why: `a path cannot be read: ${why}`, job: context.job_id },
      { cause: error },
    );
  });
  const files = all.filter(({ path }) => !isMark(path));
  const checkpoint = await storeCheckpoint(deps, {
    v: 1,
    kind: 'reeve.checkpoint',
    driver: 'files',
    at,
    files,
  });
  const tags = [...options.tags, checkpointTag(checkpoint.digest)];
  const args = [
    'backup',
    '--json',
    '--host',
    options.host,
    ...tags.flatMap((tag) => ['--tag', tag]),
    ...options.exclude.flatMap((pattern) => ['--exclude', pattern]),
    '--',
    ...paths,
  ];
  const ran = await restic.run(args, failed);
  const summary = ran.stdout
    .split('\n')
    .flatMap((line) => Summary.safeParse(parsed(line)).data ?? [])
    .at(-1);
  if (summary === undefined) throw failed({ ...ran, last: 'it made no snapshot' });
  const { keep } = options;
  const snapshot = summary.snapshot_id;
  const swept =
    keep === 'all' ? {} : await forgetSnapshots(deps, restic, { ...options, keep }, context, snapshot);
  return {
    outputs: {
      ...Object.fromEntries(Object.entries(swept).map(([name, value]) => [name, String(value)])),
      snapshot,
      checkpoint: checkpoint.digest,
      manifest: checkpoint.digest,
      files: String(summary.total_files_processed),
      bytes: String(summary.total_bytes_processed),
      cut_ms: String(at),
    },
    artifacts: [checkpoint.ref],
  };
}

/** Made only when there is none: a locked, damaged or foreign repository stays what it is. */
async function open(
  restic: Restic,
  init: boolean,
  failed: ReturnType<typeof backupFailed>,
  { log }: DriverContext,
): Promise<void> {
  const make = async (): Promise<void> => {
    await log(`there is no repository at ${restic.shown} yet; it is made now\n`);
    await restic.run(['init'], failed);
  };
  // Nobody needs to read restic's "Fatal" about what is no trouble.
  if (init && restic.folder !== undefined && (await isMissing(join(restic.folder, 'config')))) return make();
  try {
    await restic.run(['cat', 'config'], failed);
  } catch (error) {
    if (!init || !(error instanceof ReeveError) || error.code !== 'BACKUP_REPOSITORY_MISSING') throw error;
    await make();
  }
}

const isMissing = (file: string): Promise<boolean> =>
  lstat(file).then(
    () => false,
    (error: unknown) => errno(error) === 'ENOENT',
  );

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
