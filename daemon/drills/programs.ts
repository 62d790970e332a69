import { delimiter, join } from 'node:path';
import { fail } from '../../contracts/errors.ts';
import { errno } from '../durable.ts';
import { COMMAND_PATH, execute } from '../execute.ts';
import type { Mark } from '../process-group.ts';
import type { DriverContext, DriverDeps } from './driver.ts';

const MAX_OUTPUT = 64 * 1024 * 1024;
/** Of each stream, the beginning is kept in full up to here and the end always. */
const KEEP = 8 * 1024 * 1024;

export interface Program {
  /** Its name, or its path. */
  program: string;
  args: readonly string[];
  /** Further variables. Secrets go here, never into `args`, which everybody on the machine can read. */
  env?: Record<string, string>;
  cwd?: string;
  /** Where its programs are, when not on the usual path. */
  bin?: string | undefined;
  /** What to install when it is missing. */
  package: string;
  /** Passes its error output to the job's log. Default true. */
  tell?: boolean;
  signal?: AbortSignal;
  /** Runs before it as a prefix of its argv. */
  through?: readonly string[];
  /** Told once it runs. */
  started?: (pid: number) => void;
}

export interface Ran {
  code: number | null;
  signal: NodeJS.Signals | null;
  stdout: string;
  stderr: string;
  /** The last line that says something, of the error output if there is any. */
  last: string;
}

/** What every program of an attempt carries in its environment. */
export const markOf = ({ attempt_id, scratch }: DriverContext): Mark => ({
  attemptId: attempt_id,
  under: scratch,
});

export type ProgramDeps = Pick<DriverDeps, 'clock'>;

/**
 * Runs a program to its end in the attempt's scratch, with a clean environment, as an argv array: no shell. A non-zero
 * status is for the caller to judge.
 *
 * @throws PROGRAM_MISSING, and the signal's reason once it is aborted
 */
export async function runProgram(deps: ProgramDeps, context: DriverContext, what: Program): Promise<Ran> {
  const { signal = context.signal, bin } = what;
  const out = { stdout: new Tail(), stderr: new Tail() };
  const file = bin === undefined ? what.program : join(bin, what.program);
  const call = {
    argv: [...(what.through ?? []), file, ...what.args],
    cwd: what.cwd ?? context.scratch,
    env: {
      PATH: bin === undefined ? COMMAND_PATH : `${bin}${delimiter}${COMMAND_PATH}`,
      HOME: context.scratch,
      TMPDIR: context.scratch,
      LANG: 'C.UTF-8',
      LC_ALL: 'C.UTF-8',
      TZ: 'UTC',
      ...what.env,
      REEVE_ATTEMPT_ID: context.attempt_id,
      REEVE_SCRATCH: context.scratch,
    },
    mark: markOf(context),
    maxOutput: MAX_OUTPUT,
  };
  try {
    const end = await execute(call, {
      clock: deps.clock,
      signal,
      ...(what.started === undefined ? {} : { started: what.started }),
      async log(stream, chunk) {
        out[stream].add(chunk);
        if (stream === 'stderr' && what.tell !== false)
          await context.log(Buffer.from(chunk).toString('utf8'));
      },
    });
    // Whoever stopped it has the word, not the status it ended with.
    signal.throwIfAborted();
    const { code, signal: by, last } = end;
    return { code, signal: by, last, stdout: out.stdout.text(), stderr: out.stderr.text() };
  } catch (error) {
    if (errno(error) !== 'ENOENT' && errno(error) !== 'EACCES') throw error;
    const where = bin === undefined ? '' : ` in ${bin}`;
    throw fail('PROGRAM_MISSING', { program: what.program, where, package: what.package }, { cause: error });
  }
}

/** Output within bounds: what comes beyond is dropped from the middle. */
class Tail {
  #parts: Buffer[] = [];
  #size = 0;

  add(chunk: Uint8Array): void {
    this.#parts.push(Buffer.from(chunk));
    this.#size += chunk.length;
    while (this.#size > KEEP && this.#parts.length > 2)
      this.#size -= this.#parts.splice(1, 1)[0]?.length ?? 0;
  }
  text(): string {
    return Buffer.concat(this.#parts).toString('utf8');
  }
}

/** How it ended, for an error message. */
export function lastWords({ last, code, signal }: Ran): string {
  const how = signal === null ? `exit status ${code ?? '?'}` : `ended by ${signal}`;
  return last === '' ? how : `${last.slice(0, 400)} (${how})`;
}

export const saysNoSpace = ({ stderr, stdout }: Ran): boolean =>
  /no space left on device|disk quota exceeded|could not extend file|file too large/i.test(
    `${stderr}${stdout}`,
  );
