/** The part of a clock that bots need: monotonic ms, and a pause. */
export interface Pace {
  monotonic(): number;
  sleep(ms: number): Promise<void>;
}

/** Least time between two edits of one message, ms. */
export const EDIT_EVERY = 2000;

/**
 * Keeps one message up to date: the latest state wins, what came between is never sent, and at most one edit is under way.
 * Edits begin at least `every` ms apart. `edit` rejects when it is worth another try later; the last state is tried until
 * it is there.
 */
export class Editor<T> {
  readonly #edit: (state: T) => Promise<void>;
  readonly #pace: Pace;
  readonly #every: number;
  readonly #failed: (error: unknown) => void;
  #next: { state: T } | undefined;
  #running: Promise<void> | undefined;
  #last = -Infinity;
  #failures = 0;

  constructor(options: {
    edit: (state: T) => Promise<void>;
    pace: Pace;
    every?: number;
    failed?: (error: unknown) => void;
  }) {
    this.#edit = options.edit;
    this.#pace = options.pace;
    this.#every = options.every ?? EDIT_EVERY;
    this.#failed = options.failed ?? (() => undefined);
  }

  /** Shows this state as soon as the pace allows. */
  show(state: T): void {
    this.#next = { state };
    this.#running ??= this.#run();
  }

  /** Resolves when the newest state stands there. */
  async settled(): Promise<void> {
    while (this.#running !== undefined) await this.#running;
  }

  async #run(): Promise<void> {
    while (this.#next !== undefined) {
      // Doubled with each failure in a row, up to half a minute.
      const pause = Math.min(30_000, this.#every * 2 ** this.#failures);
      const wait = this.#last + pause - this.#pace.monotonic();
      if (wait > 0) await this.#pace.sleep(wait);
      const { state } = this.#next;
      this.#next = undefined;
      this.#last = this.#pace.monotonic();
      try {
        await this.#edit(state);
        this.#failures = 0;
      } catch (error) {
        this.#failures += 1;
        this.#next ??= { state };
        this.#failed(error);
      }
    }
    this.#running = undefined;
  }
}
