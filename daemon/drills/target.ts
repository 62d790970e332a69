import { randomBytes } from 'node:crypto';
import { lstat, mkdir, readdir, realpath, rm } from 'node:fs/promises';
import { dirname, join, resolve, sep } from 'node:path';
import { fail } from '../../contracts/errors.ts';
import { errno, isNoSpace } from '../durable.ts';
import type { DriverContext, DriverDeps } from './driver.ts';

/** Live folders of a home: nothing is ever restored into these, wherever the scratch root is said to be. */
const LIVE = ['ledger', 'keys', 'backups', 'artifacts'];

/** Whether `path` lies below `folder` (both real paths). */
const below = (path: string, folder: string): boolean =>
  path.startsWith(folder.endsWith(sep) ? folder : `${folder}${sep}`);

/**
 * Gives `work` the empty folder that a restore goes to (see makeTarget). The folder is gone when this settles, whichever way.
 *
 * @throws RESTORE_TARGET_REFUSED, RESTORE_DISK_FULL, and what `work` rejects with
 */
export async function inTarget<T>(
  deps: Pick<DriverDeps, 'home' | 'scratchRoot'>,
  context: Pick<DriverContext, 'scratch'>,
  { wanted, avoid }: { wanted?: string | undefined; avoid?: readonly string[] },
  work: (target: string) => Promise<T>,
): Promise<T> {
  const target = await makeTarget(deps, context, wanted, avoid);
  try {
    return await work(target);
  } catch (error) {
    if (isNoSpace(error)) throw fail('RESTORE_DISK_FULL', { path: target }, { cause: error });
    throw error;
  } finally {
    await rm(target, { recursive: true, force: true, maxRetries: 5 });
  }
}

/**
 * The empty folder (0700) a restore goes to: `wanted`, or a new one with a random name in the attempt's scratch. Links are
 * resolved before anything is judged.
 *
 * @param avoid further live files and folders, absolute: the target is none of them, nor in, nor around one
 * @throws RESTORE_TARGET_REFUSED unless it is inside the attempt's scratch, away from the live home, and empty.
 */
export async function makeTarget(
  deps: Pick<DriverDeps, 'home' | 'scratchRoot'>,
  context: Pick<DriverContext, 'scratch'>,
  wanted: string | undefined,
  avoid: readonly string[] = [],
): Promise<string> {
  const named = resolve(context.scratch, wanted ?? `restore-${randomBytes(8).toString('hex')}`);
  const refuse = (why: string): Error => fail('RESTORE_TARGET_REFUSED', { path: named, why });
  const [home, scratch, scratchRoot] = await Promise.all(
    [deps.home, context.scratch, deps.scratchRoot].map((path) => realpath(path)),
  ).catch((cause: unknown) => {
    throw refuse(`a folder it is judged by is missing (${errno(cause)})`);
  });
  if (home === undefined || scratch === undefined || scratchRoot === undefined)
    throw refuse('no home is known');

  const target = await real(named);
  if (target === undefined) throw refuse('the folder it should be made in does not exist');
  if (target === home) throw refuse('it is the live home');
  if (below(home, target)) throw refuse('the live home is inside it');
  if (below(target, home)) {
    const live = LIVE.map((name) => join(home, name)).some((dir) => target === dir || below(target, dir));
    const allowed = below(scratchRoot, home) && below(target, scratchRoot);
    if (live || !allowed) throw refuse('it is inside the live home');
  }
  for (const path of avoid) {
    const live = await real(path);
    if (live === undefined) continue;
    if (target === live) throw refuse('it is live');
    if (below(live, target)) throw refuse(`${path} is live and inside it`);
    if (below(target, live) && !below(scratch, live)) throw refuse(`it is inside ${path}, which is live`);
  }
  if (!below(target, scratch)) throw refuse('it is not inside the scratch folder of this attempt');
  await makeEmpty(target, refuse);
  return target;
}

/** The path with every link resolved; of one that does not exist yet, its folder's. Undefined without that folder. */
async function real(path: string): Promise<string | undefined> {
  try {
    return await realpath(path);
  } catch (error) {
    if (errno(error) !== 'ENOENT') throw error;
  }
  try {
    return join(await realpath(dirname(path)), path.slice(dirname(path).length).replaceAll(sep, ''));
  } catch (error) {
    if (errno(error) === 'ENOENT') return undefined;
    throw error;
  }
}

async function makeEmpty(target: string, refuse: (why: string) => Error): Promise<void> {
  try {
    await mkdir(target, { mode: 0o700 });
    return;
  } catch (error) {
    if (errno(error) !== 'EEXIST') throw error;
  }
  if (!(await lstat(target)).isDirectory()) throw refuse('it is not a folder');
  if ((await readdir(target)).length > 0) throw refuse('it is not empty');
}
