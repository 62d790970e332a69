import { COMMAND_PATH, execute } from './execute.ts';
import { oneLine } from './text.ts';
import type { Clock } from './ports/clock.ts';

const TIMEOUT_MS = 60_000;
let calls = 0;
const MAX_SAID = 4000;
const MAX_OUTPUT = 64 * 1024 * 1024;

/** What Git said when it did not do it, on one line. */
export class GitFailed extends Error {
  readonly code: number | null;
  /** The end of what it said on standard error, as it came. */
  readonly said: string;
  constructor(message: string, code: number | null, said = '') {
    super(message);
    this.code = code;
    this.said = said;
  }
}

export interface GitOptions {
  clock: Clock;
  /** Working directory; the repository is the one it is in. */
  folder: string;
  signal?: AbortSignal;
  /** ms; a minute when absent. */
  timeout?: number;
  /** Further variables, such as who commits. */
  env?: Readonly<Record<string, string>>;
  /** Standard input. */
  input?: string;
}

/**
 * Runs Git and resolves to what it printed. It gets no environment and no configuration of the user's, asks nobody, and
 * runs neither hooks nor a file system monitor, which a repository may name; what looks at files goes with `withoutFilters`
 * (git-filters.ts). Rejects GitFailed, and the signal's reason.
 */
export async function git(
  { clock, folder, signal, timeout = TIMEOUT_MS, env = {}, input }: GitOptions,
  ...args: string[]
): Promise<string> {
  const own = new AbortController();
  const cancel = clock.after(timeout, () => own.abort(new GitFailed('git takes too long', null)));
  const stopped = signal === undefined ? own.signal : AbortSignal.any([own.signal, signal]);
  const chunks: Buffer[] = [];
  let said = '';
  // Of its own: stopping one call must not end another.
  const id = `git-${process.pid}-${++calls}`;
  try {
    const { code, overflow, last } = await execute(
      {
        argv: ['git', '-c', 'core.fsmonitor=false', '-c', 'core.hooksPath=/dev/null', ...args],
        cwd: folder,
        env: {
          PATH: COMMAND_PATH,
          LC_ALL: 'C.UTF-8',
          GIT_CONFIG_NOSYSTEM: '1',
          GIT_OPTIONAL_LOCKS: '0',
          GIT_TERMINAL_PROMPT: '0',
          GIT_NO_LAZY_FETCH: '1',
          REEVE_ATTEMPT_ID: id,
          ...env,
        },
        mark: { attemptId: id },
        maxOutput: MAX_OUTPUT,
        graceMs: 500,
        ...(input === undefined ? {} : { input }),
      },
      {
        clock,
        signal: stopped,
        log: async (stream, chunk) => {
          if (stream === 'stdout') chunks.push(Buffer.from(chunk));
          else said = (said + Buffer.from(chunk).toString('utf8')).slice(-MAX_SAID);
        },
      },
    );
    stopped.throwIfAborted();
    if (overflow) throw new GitFailed(`git ${args[0] ?? ''} printed too much`, code);
    if (code !== 0) throw new GitFailed(oneLine(last.trim() || `git ended with ${code}`, 300), code, said);
    return Buffer.concat(chunks).toString('utf8');
  } finally {
    cancel();
  }
}
