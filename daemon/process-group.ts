import { readdir, readFile } from 'node:fs/promises';
import type { Clock } from './ports/clock.ts';

/** From SIGTERM to SIGKILL, ms. */
export const GRACE_MS = 5000;

/** Signals every process of a group. False when there is none left. */
export function signalGroup(pgid: number, signal: NodeJS.Signals | 0): boolean {
  try {
    process.kill(-pgid, signal);
    return true;
  } catch (error) {
    // EPERM: there is one, under another user; it counts as alive.
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}

/**
 * Ends a process group and everything else that carries this attempt in its environment, also what moved to a session of
 * its own: SIGTERM, and SIGKILL to what is left after five seconds. A process that both left the group and cleared its
 * environment is not found.
 */
export async function endGroup(
  pgid: number,
  mark: Mark | undefined,
  clock: Clock,
  graceMs = GRACE_MS,
): Promise<void> {
  const signal = async (name: NodeJS.Signals): Promise<boolean> => {
    const group = signalGroup(pgid, name);
    const others = mark === undefined ? 0 : await signalStrays(mark, name);
    return group || others > 0;
  };
  if (!(await signal('SIGTERM'))) return;
  const until = clock.monotonic() + graceMs;
  for (let pause = 5; clock.monotonic() < until; pause = Math.min(pause * 2, 100)) {
    await clock.sleep(pause);
    const alive = (await groupAlive(pgid)) || (mark !== undefined && (await strays(mark)).length > 0);
    if (!alive) return;
  }
  await signal('SIGKILL');
}

/**
 * Whether a process of the group still runs. One that ended and whose status nobody has asked for yet (a zombie) does
 * not, though kill(2) still finds it; some init processes leave orphans so for seconds.
 */
async function groupAlive(pgid: number): Promise<boolean> {
  if (!signalGroup(pgid, 0)) return false;
  const names = await readdir('/proc').catch(() => undefined);
  if (names === undefined) return true;
  for (const name of names) {
    if (!/^\d+$/.test(name)) continue;
    const stat = await readFile(`/proc/${name}/stat`, 'utf8').catch(() => '');
    // pid (name) state ppid pgrp …; the name may hold blanks and brackets (proc_pid_stat(5)).
    const [state = 'X', , group] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    if (Number(group) === pgid && !'ZXx'.includes(state)) return true;
  }
  return false;
}

/**
 * What the processes of an attempt carry in the environment they were started with. Attempt ids are derived, so two
 * daemons of one estate may have the same one: the folder tells whose it is.
 */
export interface Mark {
  attemptId: string;
  /** Their `REEVE_SCRATCH`, or a folder above it. Absent: any. */
  under?: string | undefined;
}

/** Processes with this mark, by their ids. Reads /proc; on systems without it there are none to be found. */
export async function strays({ attemptId, under }: Mark): Promise<number[]> {
  const names = await readdir('/proc').catch(() => []);
  const found: number[] = [];
  for (const name of names) {
    if (!/^\d+$/.test(name) || Number(name) === process.pid) continue;
    // Gone meanwhile, or another user's.
    const environment = await readFile(`/proc/${name}/environ`, 'utf8').catch(() => '');
    const variables = environment.split('\0');
    const folder = variables.find((text) => text.startsWith('REEVE_SCRATCH='))?.slice(14) ?? '';
    const here = under === undefined || folder === under || folder.startsWith(`${under}/`);
    if (here && variables.includes(`REEVE_ATTEMPT_ID=${attemptId}`)) found.push(Number(name));
  }
  return found;
}

/**
 * Ends what an attempt of a killed daemon left running, wherever it is: SIGTERM, and SIGKILL to what is left after the grace,
 * which is waited for as long again. `under`: the folder that holds this daemon's scratch folders. Resolves to how many processes there were.
 */
export async function endStrays(
  attemptId: string,
  clock: Clock,
  { under, graceMs = 2000 }: { under?: string; graceMs?: number } = {},
): Promise<number> {
  const mark = { attemptId, under };
  const there = await signalStrays(mark, 'SIGTERM');
  const until = clock.monotonic() + graceMs;
  for (let left = there; left > 0; left = (await strays(mark)).length) {
    // One that cannot even be killed waits in the kernel, for a disk or a mount: the start does not wait with it.
    if (clock.monotonic() >= until + graceMs) break;
    if (clock.monotonic() >= until) await signalStrays(mark, 'SIGKILL');
    await clock.sleep(20);
  }
  return there;
}

/** Signals the processes of an attempt wherever they are. Returns how many. */
async function signalStrays(mark: Mark, signal: NodeJS.Signals): Promise<number> {
  const ids = await strays(mark);
  for (const pid of ids) {
    try {
      process.kill(pid, signal);
    } catch {
      // Gone meanwhile.
    }
  }
  return ids.length;
}
