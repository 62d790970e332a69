import type { Clock } from '../ports/clock.ts';
import { oneLine } from '../text.ts';
import { backoff } from '../backoff.ts';
import { ChannelProblem, type Notice } from './channel.ts';

/** A receiver that asks for more patience than this gets this, ms. */
const MAX_RETRY_AFTER_MS = 3_600_000;
/** Before a message is given up, this process has tried it so often: after a night asleep nothing is thrown away untried. */
const MIN_TRIES = 3;

/** What one channel's queue needs. */
export interface LaneDeps {
  clock: Clock;
  /** The message as it is now; undefined when it is no longer waiting. */
  notice(id: string): Notice | undefined;
  /** Sends once, within the channel's own time limit. Rejects ChannelProblem. */
  send(notice: Notice): Promise<void>;
  /** Durable when it resolves. */
  record(id: string, outcome: 'sent' | 'given_up', tries: number, why?: string): Promise<void>;
  /** Time since it was queued after which a message is given up, ms. */
  giveUp(): number;
  /** Wall clock that never goes back, ms. */
  now(): number;
  clean(text: string): string;
  /** Something about the channel's health changed. */
  changed(): void;
}

interface Entry {
  id: string;
  tries: number;
  /** Not before this monotonic time. */
  notBefore: number;
  /** It went out; only its record is missing. */
  sent: boolean;
}

/** How a channel fares. */
export interface LaneHealth {
  waiting: number;
  last: { at: number; ok: boolean; why?: string } | null;
  /** Since when every try has failed, ms; null while it works. */
  failing: number | null;
  /** The last failure was of the kind that no patience cures. */
  refused: boolean;
}

/**
 * The messages of one channel, one after the other in the order they were queued. A channel that does not answer pauses
 * as a whole, so that it is asked once and not once per message. A message that is refused for good waits by itself and
 * lets the others pass; so does one that alone has failed, since it may be the message that the receiver chokes on.
 */
export class Lane {
  readonly #deps: LaneDeps;
  readonly #entries = new Map<string, Entry>();
  #pausedUntil = 0;
  /** The receiver asked not to be asked before, monotonic ms. */
  #askedUntil = 0;
  #failures = 0;
  /** Up to two messages that have failed since one went out. Two are proof that it is the channel. */
  readonly #suspects = new Set<string>();
  #busy = false;
  #stopped = false;
  #cancel: (() => void) | undefined;
  #last: LaneHealth['last'] = null;
  #failing: number | null = null;
  #refused = false;
  #idle: (() => void)[] = [];

  constructor(deps: LaneDeps) {
    this.#deps = deps;
  }

  add(id: string): void {
    if (this.#entries.has(id)) return;
    this.#entries.set(id, { id, tries: 0, notBefore: 0, sent: false });
    if (this.#suspects.size < 2) this.#pausedUntil = this.#askedUntil;
    this.#go();
  }

  health(): LaneHealth {
    return {
      waiting: this.#entries.size,
      last: this.#last,
      failing: this.#failing,
      refused: this.#refused,
    };
  }

  /** Ends the pause: the configuration or a secret may be another now. */
  retryNow(): void {
    this.#pausedUntil = 0;
    this.#askedUntil = 0;
    for (const entry of this.#entries.values()) entry.notBefore = 0;
    this.#go();
  }

  /** Gives the oldest messages up until `max` are left. */
  async trim(max: number, why: string): Promise<void> {
    for (const entry of this.#entries.values()) {
      if (this.#entries.size <= max) return;
      if (entry.sent) continue;
      this.#entries.delete(entry.id);
      await this.#deps.record(entry.id, 'given_up', entry.tries, why);
    }
  }

  /** Begins nothing more; resolves when the message under way has ended. What waits is in the ledger. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#cancel?.();
    if (this.#busy) await new Promise<void>((resolve) => this.#idle.push(resolve));
  }

  #go(): void {
    if (this.#busy || this.#stopped) return;
    this.#cancel?.();
    this.#cancel = undefined;
    const now = this.#deps.clock.monotonic();
    let soonest: number | undefined;
    for (const entry of this.#entries.values()) {
      const at = Math.max(this.#pausedUntil, entry.notBefore);
      if (at <= now) {
        this.#busy = true;
        void this.#one(entry).finally(() => {
          this.#busy = false;
          for (const resolve of this.#idle.splice(0)) resolve();
          this.#go();
        });
        return;
      }
      if (soonest === undefined || at < soonest) soonest = at;
    }
    if (soonest !== undefined) this.#cancel = this.#deps.clock.after(soonest - now, () => this.#go());
  }

  async #one(entry: Entry): Promise<void> {
    if (!entry.sent) {
      const notice = this.#deps.notice(entry.id);
      if (notice === undefined) {
        await this.#record(entry, 'given_up', 'what it was about is no longer known');
        return;
      }
      entry.tries += 1;
      try {
        await this.#deps.send(notice);
        entry.sent = true;
        this.#worked();
      } catch (error) {
        // What an end broke off is no failure of the channel; it comes again.
        if (!this.#stopped) await this.#failed(entry, notice, error);
        return;
      }
    }
    await this.#record(entry, 'sent');
  }

  #worked(): void {
    this.#failures = 0;
    this.#suspects.clear();
    const now = this.#deps.clock.monotonic();
    for (const other of this.#entries.values())
      other.notBefore = Math.min(other.notBefore, now + backoff(other.id, 1));
    this.#failing = null;
    this.#refused = false;
    this.#last = { at: this.#deps.now(), ok: true };
    this.#deps.changed();
  }

  async #failed(entry: Entry, notice: Notice, error: unknown): Promise<void> {
    const { clock, now, clean, giveUp, changed } = this.#deps;
    const why = oneLine(clean(error instanceof Error ? error.message : String(error)), 300);
    this.#last = { at: now(), ok: false, why };
    this.#failing ??= now();
    const problem = error instanceof ChannelProblem ? error : undefined;
    this.#refused = problem?.permanent === true;
    if (entry.tries >= MIN_TRIES && now() - notice.at >= giveUp()) {
      changed();
      await this.#record(entry, 'given_up', why);
      return;
    }
    const patience = Math.min(problem?.retry_after ?? 0, MAX_RETRY_AFTER_MS);
    if (this.#refused) {
      // Its own fault, perhaps: it comes again later, and those behind it are tried.
      entry.notBefore = clock.monotonic() + Math.max(patience, backoff(entry.id, entry.tries + 5));
    } else {
      this.#failures += 1;
      if (this.#suspects.size < 2) this.#suspects.add(entry.id);
      const mono = clock.monotonic();
      this.#askedUntil = mono + patience;
      entry.notBefore = mono + Math.max(patience, backoff(entry.id, this.#failures));
      this.#pausedUntil =
        this.#suspects.size < 2 && this.#entries.size > 1 ? this.#askedUntil : entry.notBefore;
      // The others first, when it is over.
      this.#entries.delete(entry.id);
      this.#entries.set(entry.id, entry);
    }
    changed();
  }

  /** While the ledger cannot be written the message waits for its record, unsent a second time by this process. */
  async #record(entry: Entry, outcome: 'sent' | 'given_up', why?: string): Promise<void> {
    try {
      await this.#deps.record(entry.id, outcome, entry.tries, why);
      this.#entries.delete(entry.id);
    } catch {
      entry.notBefore = this.#deps.clock.monotonic() + 30_000;
    }
  }
}
