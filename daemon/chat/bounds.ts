import type { Clock } from '../ports/clock.ts';
import { Flood } from './flood.ts';

/** What a person asks for: ten at once, then one every two seconds. */
const ASKS = { burst: 10, every: 2000 };
/** What is looked up while a person types, some for each letter. */
const LOOKS = { burst: 60, every: 200 };
/** All those together whom nobody knows, each of them bounded like a person as well. */
const STRANGERS = { burst: 60, every: 1000 };

/** How fast people may ask: each person, whichever platform and account it comes through. */
export class Bounds {
  readonly #asks: Flood;
  readonly #looks: Flood;
  readonly #strangers: Flood;

  constructor(clock: Pick<Clock, 'monotonic'>) {
    this.#asks = new Flood(() => clock.monotonic(), ASKS);
    this.#looks = new Flood(() => clock.monotonic(), LOOKS);
    this.#strangers = new Flood(() => clock.monotonic(), STRANGERS);
  }

  /** Throws CHAT_FLOOD. */
  ask(person: string): void {
    this.#asks.take(`person:${person}`);
  }

  /** Throws CHAT_FLOOD. */
  look(person: string): void {
    this.#looks.take(person);
  }

  /** Throws CHAT_FLOOD. */
  stranger(account: string): void {
    this.#asks.take(`account:${account}`);
    this.#strangers.take('');
  }
}
