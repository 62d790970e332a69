import { lstat } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { fail } from '../../../contracts/errors.ts';
import { controlOutput } from '../control.ts';
import type { DriverContext, DriverDeps, RestoreResult } from '../driver.ts';
import { words } from '../figures.ts';
import { absolute } from '../options.ts';
import { Phases } from '../phases.ts';
import { lastWords, saysNoSpace, type Ran } from '../programs.ts';
import { disaster, figureOutputs, recoveryPoint } from '../recovery-point.ts';
import { inTarget } from '../target.ts';
import { loadCheckpoint, type Checkpoint } from '../verify/checkpoint.ts';
import { askService } from '../verify/service.ts';
import { filesBelow, verifyTree } from '../verify/tree.ts';
import { fileMark } from './mark.ts';
import { filesControl } from './control.ts';
import { aimLinks, mustNotLeadLive } from './links.ts';
import type { RestoreOptions } from './options.ts';
import { openRestic, snapshotsOf, type Restic, type Snapshot } from './restic.ts';
import { checkpointOf } from './tag.ts';

/**
 * Restores a snapshot into a scratch folder, verifies it there, starts the service on it, and then damages the copy on
 * purpose and demands that the same verification fails. The repository is only read (restic's own lock excepted). The
 * scratch is gone when this settles, whichever way.
 *
 * @throws BACKUP_REPOSITORY_*, BACKUP_PASSWORD_WRONG, RESTORE_*, SENTINEL_MISSING, SERVICE_NOT_ANSWERING, DRILL_WORTHLESS
 */
export async function restoreFiles(
  deps: DriverDeps,
  options: RestoreOptions,
  context: DriverContext,
): Promise<RestoreResult> {
  const restic = await openRestic(deps, context, options);
  const live = options.paths.map((path) => absolute(context.root, path));
  const avoid = restic.folder === undefined ? live : [...live, restic.folder];
  return inTarget(deps, context, { wanted: options.target, avoid: avoid }, (target) =>
    drill(deps, options, context, restic, target),
  );
}

async function drill(
  deps: DriverDeps,
  options: RestoreOptions,
  context: DriverContext,
  restic: Restic,
  target: string,
): Promise<RestoreResult> {
  const { signal } = context;
  const { verify } = options;
  const failed = restoreFailed(context, target);
  const cut = await disaster(deps, context, 'files', options.sentinel);
  const phases = new Phases(deps.clock, signal);
  const found = await phases.run('fetch', () => find(deps, options, context, restic, failed));
  const { snapshot, checkpoint } = found;
  const data = join(target, 'data');
  await phases.run('restore', async () => {
    await restic.run(['restore', snapshot.id, '--target', data], failed);
    await aimLinks(data, snapshot.paths, signal);
  });
  const check = () => verifyFiles(options, data, checkpoint, cut.at, signal);
  const { outputs, files } = await phases.run('verify', async () => {
    if (options.check !== 'none')
      await restic.run(['check', ...(options.check === 'data' ? ['--read-data'] : [])], failed);
    return check();
  });
  const mark = options.sentinel === undefined ? null : await fileMark(deps, context, options.sentinel, data);
  const point = await recoveryPoint(deps, cut, mark, checkpoint?.at ?? Date.parse(snapshot.time));
  // Before the service, which may write into the copy; no part of the recovery time.
  const controls = await filesControl(restic, context, { data, files, target, snapshot, check, failed });
  const { service } = verify;
  if (service !== undefined) {
    await mustNotLeadLive(data, snapshot.paths, signal);
    const restored = join(data, snapshot.paths.length === 1 ? (snapshot.paths[0] ?? '') : '');
    outputs['service'] = await phases.run('boot', () => askService(deps, context, service, { restored }));
  }
  return {
    outputs: {
      snapshot: snapshot.id,
      snapshot_time: String(Date.parse(snapshot.time)),
      ...(found.digest === undefined ? {} : { manifest: found.digest, checkpoint: found.digest }),
      ...outputs,
      ...figureOutputs(point, phases.sum(), phases.all()),
      control: controlOutput(controls),
    },
    artifacts: [],
    phases: phases.all(),
  };
}

async function find(
  deps: DriverDeps,
  options: RestoreOptions,
  context: DriverContext,
  restic: Restic,
  failed: (ran: Ran) => Error,
): Promise<{ snapshot: Snapshot; digest?: string; checkpoint?: Checkpoint }> {
  const paths = options.paths.map((path) => absolute(context.root, path));
  const all = await snapshotsOf(restic, { ...options, paths }, failed);
  const { snapshot: wanted } = options;
  const snapshot = wanted === 'latest' ? all.at(-1) : all.find(({ id }) => id.startsWith(wanted));
  if (snapshot === undefined) {
    const which = wanted === 'latest' ? `of the host ${options.host} that fits` : wanted;
    throw fail('BACKUP_REPOSITORY_EMPTY', { repository: restic.shown, which });
  }
  const digest = checkpointOf(snapshot);
  if (options.checkpoint !== undefined && options.checkpoint !== digest)
    throw fail('RESTORE_MISMATCH', {
      why: `the snapshot names the checkpoint ${digest ?? 'none'} where ${options.checkpoint} is asked for`,
    });
  if (digest === undefined || !options.verify.digests)
    return { snapshot, ...(digest === undefined ? {} : { digest }) };
  return { snapshot, digest, checkpoint: await loadCheckpoint(deps, digest, 'files') };
}

/** The verification that must pass now, and fail on a damaged copy. `files`: what it has looked at, below `data`. */
async function verifyFiles(
  { verify }: RestoreOptions,
  data: string,
  checkpoint: Checkpoint | undefined,
  at: number,
  signal: AbortSignal,
): Promise<{ outputs: Record<string, string>; files: string[] }> {
  const mismatch = (why: string): Error => fail('RESTORE_MISMATCH', { why });
  const outputs: Record<string, string> = {};
  let newest = 0;
  let files: string[];
  if (verify.digests) {
    if (checkpoint?.files === undefined)
      throw mismatch(
        'its snapshot was not made by Reeve, so no digests are recorded; `digests: false` under verify does without',
      );
    if (checkpoint.files.length === 0) throw mismatch('its backup holds no file');
    const seen = await verifyTree(checkpoint.files, data, verify.changed, signal);
    newest = seen.newest;
    files = seen.sound.map((path) => relative('/', path));
    Object.assign(outputs, { files: String(seen.checked), changed: String(seen.changed) });
  } else {
    const all = await filesBelow([data], signal);
    if (all.length === 0) throw mismatch('it holds no file');
    outputs['files'] = String(all.length);
    files = all.map((path) => relative(data, path));
    if (verify.newest !== undefined) newest = await newestOf(all);
  }
  if (verify.newest !== undefined) {
    const age = Math.max(0, at - newest);
    if (age > verify.newest.within)
      throw mismatch(`its newest file was changed ${words(age)} before, over ${words(verify.newest.within)}`);
  }
  return { outputs, files };
}

async function newestOf(files: readonly string[]): Promise<number> {
  let newest = 0;
  for (const file of files) newest = Math.max(newest, (await lstat(file)).mtimeMs);
  return Math.floor(newest);
}

const restoreFailed =
  ({ job_id }: DriverContext, path: string) =>
  (ran: Ran): Error =>
    saysNoSpace(ran)
      ? fail('RESTORE_DISK_FULL', { path })
      : fail('RESTORE_FAILED', { why: `restic: ${lastWords(ran)}`, job: job_id });
