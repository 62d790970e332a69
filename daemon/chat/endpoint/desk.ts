import type { ChatDelivery, Platform } from '../../../contracts/chat.ts';
import { fail } from '../../../contracts/errors.ts';
import type { Json, JsonObject } from '../../../contracts/json.ts';
import type { Wait } from '../../ports/chat.ts';
import type { Clock } from '../../ports/clock.ts';
import { Waiters } from '../waiters.ts';

/** Both platforms give an app 3 s, of which the way there and back takes some, ms. */
const WITHIN = 2500;
/** Most that wait for one bot; more than that in 3 s is no people's doing. */
const MOST = 500;

interface Waiting extends ChatDelivery {
  platform: Platform;
  /** The bot's process that has it. */
  handed: string | undefined;
  answered(answer: Json): void;
}

/** Where what platforms deliver waits for their bot, and what the bot answers goes back. In memory: it lives three seconds. */
export class Desk {
  readonly #clock: Pick<Clock, 'after' | 'monotonic'>;
  readonly #hex: (digits: number) => string;
  readonly #came: Waiters;
  readonly #waiting = new Map<string, Waiting>();
  /** The bot's newest process; those before it do not come back, whatever was still under way of them. */
  readonly #processes = new Map<Platform, string>();
  readonly #ended = new Set<string>();

  constructor(clock: Pick<Clock, 'after' | 'monotonic'>, hex: (digits: number) => string) {
    this.#clock = clock;
    this.#hex = hex;
    this.#came = new Waiters(clock);
  }

  /** The bot's answer. Rejects INTERACTION_UNANSWERED; `untaken`: no bot even had it, so it does nothing later either. */
  hand(platform: Platform, payload: JsonObject, untaken: () => void): Promise<Json> {
    const id = `dlv_${this.#hex(24)}`;
    const late = () => fail('INTERACTION_UNANSWERED', { platform });
    if (this.#waiting.size >= MOST) {
      untaken();
      return Promise.reject(late());
    }
    return new Promise((resolve, reject) => {
      const cancel = this.#clock.after(WITHIN, () => {
        if (this.#waiting.get(id)?.handed === undefined) untaken();
        this.#waiting.delete(id);
        reject(late());
      });
      this.#waiting.set(id, {
        id,
        payload,
        platform,
        handed: undefined,
        answered: (answer) => {
          cancel();
          this.#waiting.delete(id);
          resolve(answer);
        },
      });
      this.#came.wake();
    });
  }

  /**
   * What came since, each once. A platform has one bot, so another process means that the one before is no more: what that
   * one took and did not answer is handed out again. What it answered is not here any more.
   */
  next(platform: Platform, process: string, wait: Wait): Promise<ChatDelivery[]> {
    const before = this.#processes.get(platform);
    if (before !== process && !this.#ended.has(process)) {
      if (before !== undefined) this.#ended.add(before);
      this.#processes.set(platform, process);
      for (const one of this.#waiting.values())
        if (one.platform === platform && one.handed !== process) one.handed = undefined;
    }
    const take = (): ChatDelivery[] => {
      // Nobody is there any more to take it.
      if (wait.signal.aborted || this.#ended.has(process)) return [];
      const mine = [...this.#waiting.values()].filter(
        (one) => one.platform === platform && one.handed === undefined,
      );
      for (const one of mine) one.handed = process;
      return mine.map(({ id, payload }) => ({ id, payload }));
    };
    return this.#came.until(
      wait,
      () => Promise.resolve(take()),
      (found) => found.length > 0,
    );
  }

  /** An answer that comes too late goes nowhere. */
  settle(platform: Platform, id: string, answer: Json): void {
    const waiting = this.#waiting.get(id);
    if (waiting?.platform === platform) waiting.answered(answer);
  }

  quiet(): void {
    this.#came.quiet();
  }
}
