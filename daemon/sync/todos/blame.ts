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

/** Who wrote a line, when (ms) and in which commit. */
export interface Written {
  by: string;
  at: number;
  commit: string;
}

/**
 * How the lines of these came about, by `file:line`; nothing for what is not committed yet or cannot be told. Reads
 * the repository that `folder` is in.
 */
export async function ages(
  todos: readonly Todo[],
  { clock, folder, prefix, signal }: { clock: Clock; folder: string; prefix: string; signal: AbortSignal },
): Promise<Map<string, Written>> {
  const known = new Map<string, Written>();
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
      for (const [line, written] of readBlame(text)) known.set(`${file}:${line}`, written);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  return known;
}

/** Line → how it came about, out of `git blame --line-porcelain`. */
function* readBlame(text: string): Generator<[number, Written]> {
  let line = 0;
  let commit = '';
  let by = '';
  for (const row of text.split('\n')) {
    // What the file says is after a tab.
    if (row.startsWith('\t')) continue;
    const head = /^([0-9a-f]{40,64}) \d+ (\d+)/.exec(row);
    if (head !== null) {
      commit = head[1] ?? '';
      // All zeros: not committed yet.
      line = /^0+$/.test(commit) ? 0 : Number(head[2]);
    }
    by = /^author (.{1,200})/.exec(row)?.[1] ?? by;
    const time = /^author-time (\d{1,12})$/.exec(row)?.[1];
    if (time !== undefined && line > 0) yield [line, { by, at: Number(time) * 1000, commit }];
  }
}
