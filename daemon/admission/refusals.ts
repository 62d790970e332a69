import type { Actor } from '../../contracts/admin.ts';
import { ReeveError, fail, type ErrorResponse } from '../../contracts/errors.ts';
import type { Clock } from '../ports/clock.ts';
import type { Ledger } from '../ports/ledger.ts';
import { cut } from '../text.ts';

/** Refusals recorded one by one per minute; the rest of a flood is counted and recorded as one line. */
const PER_MINUTE = 300;

export interface Refusals {
  /** Records the refusal; resolves to its seq, or undefined when the ledger cannot be written or in a flood. */
  record(actor: Actor, command: string, error: ErrorResponse, args: string): Promise<number | undefined>;
  /** Refusals by code since the start, for metrics. */
  counts(): Record<string, number>;
}

/** Writes `admission.refused` records; `safe` redacts and makes harmless what came from outside. */
export function createRefusals(deps: {
  clock: Clock;
  ledger: Ledger;
  safe(text: string): string;
  warn(message: string): void;
}): Refusals {
  const { clock, ledger, safe, warn } = deps;
  const counts: Record<string, number> = {};
  let minute = 0;
  let written = 0;
  let skipped = 0;
  return {
    async record(actor, command, error, args) {
      counts[error.code] = (counts[error.code] ?? 0) + 1;
      const now = Math.floor(clock.monotonic() / 60_000);
      if (now !== minute) {
        const flood = skipped;
        [minute, written, skipped] = [now, 0, 0];
        if (flood > 0)
          await put(
            actor,
            `(${flood} further refusals in a flood)`,
            fail('RATE_LIMITED', { seconds: 60 }).toResponse(),
            '',
          );
      }
      if (written >= PER_MINUTE) {
        skipped++;
        return undefined;
      }
      written++;
      return put(actor, command, error, args);
    },
    counts: () => counts,
  };

  /** Redacted whole, then cut: half of a secret would not be known for one. */
  function fit(text: string, max: number): string {
    return cut(safe(text.toWellFormed()), max);
  }

  async function put(
    actor: Actor,
    command: string,
    error: ErrorResponse,
    args: string,
  ): Promise<number | undefined> {
    try {
      const { record } = await ledger.append('admission.refused', {
        actor,
        command: fit(command, 200),
        error: {
          ...error,
          message: fit(error.message, 2000),
          hint: fit(error.hint, 1000),
          ...(error.at === undefined ? {} : { at: fit(error.at, 1000) }),
          ...(error.more === undefined ? {} : { more: error.more.slice(0, 20).map((one) => fit(one, 500)) }),
        },
        args: fit(args, 2000),
      });
      return record.seq;
    } catch (cause) {
      warn(`a refusal could not be recorded: ${cause instanceof ReeveError ? cause.code : String(cause)}`);
      return undefined;
    }
  }
}
