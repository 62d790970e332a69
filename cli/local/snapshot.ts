import { readFileSync, writeFileSync } from 'node:fs';
import { leaveWithReader } from '../io/terminal.ts';
import { quickUp } from '../up.ts';
import type { UpModule } from './bridge.ts';
import { isRight, ROOT, type Manifest } from './bundle.ts';

/*
 * scripts/snapshot.ts keeps the heap of a process that has loaded the daemon and nothing else; the launcher lets Node start
 * from it. What such a process found when it was loaded, a variable of the environment or the time, would stay as it was then.
 */

/** A start that only shows that there can be one. */
export const TRIAL = 'trial';

/** What the snapshot was made from, and the folder that it is kept in. */
export type Kept = Pick<Manifest, 'runs' | 'root' | 'inputs'> & { cache: string };

/** `reeve up`, from its first line on, in a process that was started from the snapshot. */
export async function startFromSnapshot(kept: Kept, module: UpModule): Promise<void> {
  const [, main, ...argv] = process.argv;
  // Without it: a process or thread with the same arguments would start from it too.
  process.execArgv = process.execArgv.filter((word) => !word.startsWith('--snapshot-blob='));
  if (main === TRIAL) return void process.stdout.write(TRIAL);
  if (main !== `${ROOT}cli/main.ts` || !isRight(kept)) return startFromFiles();
  leaveWithReader();
  const ready = (): void => allowSnapshot(kept.cache);
  const code = await quickUp(argv, { module, ready });
  ready();
  if (code === undefined) startFromFiles();
  else process.exitCode = code;
}

/** The process goes on as the one that would have been started without the snapshot. */
function startFromFiles(): void {
  const { execPath, execArgv, argv, env } = process;
  process.execve?.(execPath, [execPath, ...execArgv, ...argv.slice(1)], env);
}

/**
 * Lets the launcher start from the snapshot, until the machine is started again: after that it may be another one, for whose
 * processor Node refuses it. The launcher takes this back for each start, and a start that succeeds gives it again.
 */
export function allowSnapshot(cache: string): void {
  try {
    writeFileSync(`${cache}boot`, readFileSync('/proc/sys/kernel/random/boot_id'), { mode: 0o600 });
  } catch {
    // The next start takes longer.
  }
}
