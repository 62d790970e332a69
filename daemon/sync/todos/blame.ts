import path from 'node:path';
import { GitFailed, git } from '../../git.ts';
import { withoutFilters } from '../../git-filters.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Todo } from './scan.ts';

const AT_ONCE = 4;
/** For one file, and for all of a run, ms: a long history makes `git blame` slow, and the job has ten minutes. */
const TIMEOUT_MS = 20_000;
const BUDGET_MS = 180_000;
/** Line numbers on one command line. */
const MAX_LINES = 500;

/** Who wrote a line, when (ms) and in which commit. */
export interface Written {
  by: string;
  at: number;
  commit: string;
}

/** Of `file:line`: how it came about, or that nobody has committed it yet. What is in neither cannot be told. */
export interface Ages {
  written: Map<string, Written>;
  uncommitted: Set<string>;
}

export interface Blame {
  clock: Clock;
  folder: string;
  prefix: string;
  signal: AbortSignal;
  /** Whether it was told before: such files come last, so that what one run leaves is what the next begins with. */
  isKnown(todo: Todo): boolean;
  /** ms for all; three minutes when absent. */
  budget?: number;
}

/** How the lines of these came about. Reads the repository that `folder` is in, for as long as the budget lasts. */
export async function ages(
  todos: readonly Todo[],
  { clock, folder, prefix, signal, isKnown, budget = BUDGET_MS }: Blame,
): Promise<Ages> {
  const found: Ages = { written: new Map(), uncommitted: new Set() };
  const groups = [...Map.groupBy(todos, ({ file }) => file)];
  const queue = [
    ...groups.filter(([, here]) => !here.every(isKnown)),
    ...groups.filter(([, here]) => here.every(isKnown)),
  ].values();
  const until = clock.monotonic() + budget;
  const env = await withoutFilters({ clock, folder, signal });
  const worker = async (): Promise<void> => {
    for (const [file, here] of queue) {
      signal.throwIfAborted();
      const left = until - clock.monotonic();
      if (left <= 0) return;
      const name = path.relative(prefix, file);
      const lines = [...new Set(here.map(({ line }) => line))].slice(0, MAX_LINES);
      const text = await git(
        { clock, folder, signal, timeout: Math.min(TIMEOUT_MS, left), env },
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
      for (const [line, written] of readBlame(text))
        if (written === undefined) found.uncommitted.add(`${file}:${line}`);
        else found.written.set(`${file}:${line}`, written);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  return found;
}

/** Line → how it came about (undefined: not committed yet), out of `git blame --line-porcelain`. */
function* readBlame(text: string): Generator<[number, Written | undefined]> {
  let line = 0;
  let commit = '';
  let by = '';
  for (const row of text.split('\n')) {
    // What the file says is after a tab.
    if (row.startsWith('\t')) continue;
    const head = /^([0-9a-f]{40,64}) \d+ (\d+)/.exec(row);
    if (head !== null) {
      commit = head[1] ?? '';
      line = Number(head[2]);
      // Who has no name is not whoever came before.
      by = '';
    }
    by = /^author (.{1,200})/.exec(row)?.[1] ?? by;
    const time = /^author-time (\d{1,12})$/.exec(row)?.[1];
    // All zeros: not committed yet.
    if (time !== undefined && line > 0)
      yield [line, /^0+$/.test(commit) ? undefined : { by, at: Number(time) * 1000, commit }];
  }
}
