import vm from 'node:vm';

/** Longest time of a processor that one match may take, ms: a pattern that backtracks without end must not stop the daemon. */
const MATCH_MS = 200;
/** V8's limit is one of the wall clock. On a busy machine it passes while nothing is matched: then it is tried again, so often. */
const TRIES = 20;

/** One context for all: making one takes a millisecond, and holds memory. */
let shared: { source: string; text: string } | undefined;
const match = new vm.Script('new RegExp(source, "u").test(text)');

/** A pattern that does not compile, or takes too long. */
export class BadPattern extends Error {}

/** @throws {BadPattern} */
export function checkPattern(pattern: string): void {
  try {
    // eslint-disable-next-line no-new -- compiling is the check
    new RegExp(pattern, 'u');
  } catch (error) {
    throw new BadPattern(error instanceof Error ? error.message : String(error));
  }
}

/**
 * Whether `text` matches, as a whole or anywhere. It runs under V8's time limit for scripts, which also interrupts a
 * regular expression; nothing of `text` or `pattern` is run as code.
 *
 * @throws {BadPattern}
 */
export function matchesPattern(pattern: string, text: string, where: 'whole' | 'anywhere'): boolean {
  checkPattern(pattern);
  const source = where === 'whole' ? `^(?:${pattern})$` : pattern;
  const context = (shared ??= vm.createContext(Object.create(null)) as { source: string; text: string });
  Object.assign(context, { source, text });
  try {
    for (let left = TRIES; ; left--) {
      const before = process.threadCpuUsage();
      try {
        return match.runInContext(context, { timeout: MATCH_MS }) === true;
      } catch (error) {
        // An error of the other context is no Error of this one.
        const { code } = error as { code?: unknown };
        if (code !== 'ERR_SCRIPT_EXECUTION_TIMEOUT') throw new BadPattern(String(error), { cause: error });
        const { user, system } = process.threadCpuUsage(before);
        if (left > 1 && (user + system) / 1000 < MATCH_MS / 2) continue;
        throw new BadPattern(`the pattern ${pattern} took longer than ${MATCH_MS} ms`, { cause: error });
      }
    }
  } finally {
    // Nothing of a megabyte is kept because it was looked at once.
    Object.assign(context, { source: '', text: '' });
  }
}
