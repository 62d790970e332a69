import { readdir, readFile } from 'node:fs/promises';

/** Nice values of a process's threads, by their names. */
export async function niceValues(pid: number): Promise<Record<string, number[]>> {
  const found: Record<string, number[]> = {};
  for (const thread of await readdir(`/proc/${pid}/task`)) {
    const stat = await readFile(`/proc/${pid}/task/${thread}/stat`, 'utf8').catch(() => undefined);
    if (stat === undefined) continue;
    const name = stat.slice(stat.indexOf('(') + 1, stat.lastIndexOf(')'));
    // The nineteenth, proc_pid_stat(5); the third is the first behind the name.
    (found[name] ??= []).push(Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[16]));
  }
  return found;
}
