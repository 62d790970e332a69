import { backoff } from '../../backoff.ts';
import type { Clock } from '../../ports/clock.ts';
import { oneLine } from '../../text.ts';
import type { Outcome } from './api.ts';
import { LinearProblem } from './problem.ts';
import type { Waiting } from './projection.ts';

/** So many failures in a row, and people are told. A key that is refused is told of at once. */
const TRIES = 3;
/** Whoever asks for more patience gets this, ms. */
const MAX_PATIENCE = 3_600_000;
/** A pause for a spent limit that is told of, ms. */
const LONG = 300_000;

export interface LaneDeps {
  clock: Pick<Clock, 'monotonic' | 'after' | 'now'>;
  /** What waits, oldest first. */
  waiting(): Waiting[];
  perform(work: Waiting): Promise<Outcome>;
  /** Durable when it resolves. */
  record(op: string, outcome: Outcome): Promise<void>;
  /** A try came to nothing. */
  failed(op: string): void;
  /** How long the budget of requests asks to wait, ms. */
  budget(): number;
  /** What people are to know of it; null: it works again. Called when that changes. */
  tell(trouble: string | null): void;
  clean(text: string): string;
  warn(what: string, error: unknown): void;
}

interface Entry {
  tries: number;
  notBefore: number;
  why: string | null;
  /** It is done there; only its record is missing. */
  outcome?: Outcome;
}

/**
 * What waits for Linear, one after the other. Trouble over there opens the breaker: one request tries again later, instead of
 * all. What alone is refused waits by itself, with what follows on the same issue, and lets the rest pass. Nothing is given up.
 */
export class Lane {
  readonly #deps: LaneDeps;
  readonly #entries = new Map<string, Entry>();
  #pausedUntil = 0;
  #failures = 0;
  #failing: { since: number; why: string } | null = null;
  #told: string | null | undefined;
  /** The budget of requests is, for long. */
  #spent = false;
  #busy = false;
  #stopped = false;
  #cancel: (() => void) | undefined;
  #idle: (() => void)[] = [];

  constructor(deps: LaneDeps) {
    this.#deps = deps;
  }

  /** There is more, or something changed. */
  go(): void {
    if (this.#busy || this.#stopped) return;
    this.#cancel?.();
    const waiting = this.#deps.waiting();
    if (waiting.length === 0) {
      this.#entries.clear();
      this.#say();
      return;
    }
    const now = this.#deps.clock.monotonic();
    const [next, at] = this.#next(waiting);
    const pause = this.#deps.budget();
    this.#spent = pause >= LONG && next !== undefined;
    if (this.#spent) this.#say();
    const wait = Math.max(this.#pausedUntil, at, now + pause) - now;
    if (next === undefined || wait > 0) {
      this.#cancel = this.#deps.clock.after(Math.max(wait, 1), () => this.go());
      return;
    }
    this.#busy = true;
    void this.#one(next).finally(() => {
      this.#busy = false;
      for (const resolve of this.#idle.splice(0)) resolve();
      this.go();
    });
  }

  retryNow(): void {
    this.#pausedUntil = 0;
    for (const entry of this.#entries.values()) entry.notBefore = 0;
    this.go();
  }

  entry(op: string): { tries: number; why: string | null } {
    return this.#entries.get(op) ?? { tries: 0, why: null };
  }

  get failing(): { since: number; why: string } | null {
    return this.#failing;
  }

  /** Resolves when what is under way has ended. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#cancel?.();
    if (this.#busy) await new Promise<void>((resolve) => this.#idle.push(resolve));
  }

  /** The first that may go, or the time when one may. Nothing overtakes on its own issue. */
  #next(waiting: readonly Waiting[]): [Waiting | undefined, number] {
    const now = this.#deps.clock.monotonic();
    const held = new Set<string>();
    let soonest = Infinity;
    for (const one of waiting) {
      if (held.has(one.issue)) continue;
      const at = this.#entries.get(one.op)?.notBefore ?? 0;
      if (at <= now) return [one, 0];
      held.add(one.issue);
      soonest = Math.min(soonest, at);
    }
    return [undefined, soonest];
  }

  async #one(work: Waiting): Promise<void> {
    const { clock, perform, record, clean, warn } = this.#deps;
    const entry: Entry = this.#entries.get(work.op) ?? { tries: 0, notBefore: 0, why: null };
    this.#entries.set(work.op, entry);
    if (entry.outcome === undefined) {
      entry.tries++;
      try {
        entry.outcome = await perform(work);
      } catch (error) {
        if (!(error instanceof LinearProblem)) warn('linear', error);
        entry.why = oneLine(clean(error instanceof Error ? error.message : String(error)), 300);
        this.#failed(work.op, entry, error);
        return;
      }
      this.#failures = 0;
      this.#failing = null;
    }
    try {
      await record(work.op, entry.outcome);
      this.#entries.delete(work.op);
    } catch (error) {
      warn('linear', error);
      entry.notBefore = clock.monotonic() + 30_000;
    }
    this.#say();
  }

  #failed(op: string, entry: Entry, error: unknown): void {
    const { clock } = this.#deps;
    const problem = error instanceof LinearProblem ? error : new LinearProblem('invalid', 'our own mistake');
    this.#deps.failed(op);
    const now = clock.monotonic();
    if (problem.kind === 'invalid' || problem.kind === 'complex' || problem.kind === 'gone') {
      // It was heard, so Linear is there.
      this.#failures = 0;
      this.#failing = null;
      entry.notBefore = now + backoff(op, entry.tries + 5);
      this.#say();
      return;
    }
    this.#failures++;
    this.#failing ??= { since: clock.now(), why: entry.why ?? '' };
    this.#failing.why = entry.why ?? '';
    const patience = Math.min(problem.retryAfter, MAX_PATIENCE);
    this.#pausedUntil =
      now + Math.max(patience, backoff(op, this.#failures + (problem.kind === 'refused' ? 4 : 0)));
    this.#say(problem.kind === 'refused' || patience >= LONG);
  }

  #say(now = false): void {
    const held = [...this.#entries.values()].find(
      ({ notBefore, why, outcome }) => notBefore > 0 && why !== null && outcome === undefined,
    );
    const trouble =
      this.#failing !== null && (now || this.#failures >= TRIES || this.#told != null)
        ? this.#failing.why
        : (held?.why ?? (this.#spent ? 'the budget of requests is spent' : null));
    if (this.#failing !== null && trouble === null) return;
    if (trouble === this.#told) return;
    this.#told = trouble;
    this.#deps.tell(trouble);
  }
}
