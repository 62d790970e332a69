import path from 'node:path';
import { GitFailed, git } from '../../git.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Todo } from './scan.ts';

const AT_ONCE = 4;
/** Files that are asked for; of the others the age is not known. */
const MAX_FILES = 1000;
const TIMEOUT_MS = 20_000;
/** Line numbers on one command line. */
const MAX_LINES = 500;

/**
 * When the lines of these were written, by `file:line`, ms; nothing for what is not committed yet or cannot be told. Reads
 * the repository that `folder` is in.
 */
export async function ages(
  todos: readonly Todo[],
  { clock, folder, prefix, signal }: { clock: Clock; folder: string; prefix: string; signal: AbortSignal },
): Promise<Map<string, number>> {
  const known = new Map<string, number>();
  const byFile = [...Map.groupBy(todos, ({ file }) => file)].slice(0, MAX_FILES);
  const queue = byFile.values();
  const worker = async (): Promise<void> => {
    for (const [file, here] of queue) {
      signal.throwIfAborted();
      const name = path.relative(prefix, file);
      const lines = [...new Set(here.map(({ line }) => line))].slice(0, MAX_LINES);
      const text = await git(
        { clock, folder, signal, timeout: TIMEOUT_MS },
        'blame',
        '--line-porcelain',
        // A program that the repository's configuration may name.
        '--no-textconv',
        ...lines.map((line) => `-L${line},${line}`),
        '--',
        name,
      ).catch((error: unknown) => {
        if (error instanceof GitFailed) return '';
        throw error;
      });
      for (const [line, at] of readBlame(text)) known.set(`${file}:${line}`, at);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  return known;
}

/** Line → author's time, ms, out of `git blame --line-porcelain`. */
function* readBlame(text: string): Generator<[number, number]> {
  let line = 0;
  for (const row of text.split('\n')) {
    // What the file says is after a tab.
    if (row.startsWith('\t')) continue;
    const head = /^([0-9a-f]{40,64}) \d+ (\d+)/.exec(row);
    // All zeros: not committed yet.
    if (head !== null) line = /^0+$/.test(head[1] ?? '') ? 0 : Number(head[2]);
    const time = /^author-time (\d{1,12})$/.exec(row)?.[1];
    if (time !== undefined && line > 0) yield [line, Number(time) * 1000];
  }
}
