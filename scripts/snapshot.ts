import { execFile } from 'node:child_process';
import { readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { CACHE, freshBundle } from '../cli/local/bundle.ts';
import { allowSnapshot, TRIAL } from '../cli/local/snapshot.ts';

const run = promisify(execFile);
/** As in cli/reeve. */
const FLAGS = ['--max-semi-space-size=16', '--initial-old-space-size=24', '--v8-pool-size=1', '--expose-gc'];
/** Longer than it takes on any machine, ms. */
const PATIENCE = 60_000;

/**
 * Writes the heap of a process that has run the bundle, unless the one that is there may be used. Only where the launcher can
 * tell whether the machine was started again.
 *
 * @returns its path. Rejects when Node cannot make it or does not start from it.
 */
export async function makeSnapshot(cache = CACHE): Promise<string | undefined> {
  const bundle = freshBundle(cache);
  if (bundle === undefined || process.platform !== 'linux') return undefined;
  const snapshot = `${cache}daemon.blob`;
  if (mayBeUsed(cache, snapshot, bundle)) return snapshot;
  await writeSnapshot(bundle, cache, snapshot);
  allowSnapshot(cache);
  return snapshot;
}

/** Of what `bundle` and the manifest in `cache` say, right or not. */
export async function writeSnapshot(bundle: string, cache: string, snapshot: string): Promise<void> {
  const draft = `${snapshot}.${process.pid}`;
  const config = `${draft}.json`;
  const flags = [...FLAGS, `--snapshot-blob=${draft}`];
  // Whatever is looked up in the environment while it is made would be the same at every start.
  const options = { env: {}, timeout: PATIENCE };
  try {
    // The compiled code of Node's own modules is worth 3 ms of a start, and takes 7 MiB of every daemon.
    writeFileSync(config, JSON.stringify({ builder: bundle, withoutCodeCache: true }));
    await run(process.execPath, [...flags, '--build-snapshot-config', config, cache], options);
    const tried = await run(process.execPath, [...flags, TRIAL], options);
    if (tried.stdout !== TRIAL) throw new Error(`it says ${JSON.stringify(tried)}`);
    renameSync(draft, snapshot);
  } finally {
    for (const file of [draft, config]) rmSync(file, { force: true });
  }
}

function mayBeUsed(cache: string, snapshot: string, bundle: string): boolean {
  try {
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8');
    return (
      readFileSync(`${cache}boot`, 'utf8') === boot && statSync(snapshot).mtimeMs > statSync(bundle).mtimeMs
    );
  } catch {
    return false;
  }
}
