import type { IncomingMessage } from 'node:http';
import { fail } from '../../contracts/errors.ts';
import type { Clock } from '../ports/clock.ts';

/** Up to here a body is small, bytes. */
const SMALL = 256 * 1024;
/** Bytes of bodies that may be on their way at once. */
const ROOM = { small: 32 * 1024 * 1024, large: 64 * 1024 * 1024 };
/** After this a body that is not whole makes room for others, ms. Who sends large ones gives up after 10 s itself. */
const PATIENCE = { small: 500, large: 10_000 };

interface Held {
  sender: Pick<IncomingMessage, 'complete' | 'destroy'>;
  bytes: number;
  /** Monotonic, ms. */
  since: number;
}

/**
 * Memory for bodies of which nothing is known yet, taken before they are read. Small ones have room of their own: whoever
 * sends large ones slowly does not keep them out. Whoever sends small ones slowly is cut off when the room is needed.
 */
export class Bodies {
  readonly #clock: Pick<Clock, 'monotonic'>;
  readonly #used = { small: 0, large: 0 };
  /** The oldest first. */
  readonly #held = { small: new Set<Held>(), large: new Set<Held>() };

  constructor(clock: Pick<Clock, 'monotonic'>) {
    this.#clock = clock;
  }

  /** Throws WEBHOOK_BUSY. What it returns gives the room back, once. */
  reserve(bytes: number, sender: Held['sender']): () => void {
    const kind = bytes <= SMALL ? 'small' : 'large';
    const held = { sender, bytes, since: this.#clock.monotonic() };
    if (this.#used[kind] + bytes > ROOM[kind]) this.#cut(kind, bytes, held.since - PATIENCE[kind]);
    if (this.#used[kind] + bytes > ROOM[kind])
      throw fail('WEBHOOK_BUSY', { why: 'too many deliveries are arriving at once' });
    this.#used[kind] += bytes;
    this.#held[kind].add(held);
    return () => this.#give(kind, held);
  }

  #cut(kind: 'small' | 'large', bytes: number, before: number): void {
    for (const held of this.#held[kind]) {
      if (held.since > before || this.#used[kind] + bytes <= ROOM[kind]) return;
      // What is whole is being stored.
      if (held.sender.complete) continue;
      this.#give(kind, held);
      held.sender.destroy();
    }
  }

  #give(kind: 'small' | 'large', held: Held): void {
    if (this.#held[kind].delete(held)) this.#used[kind] -= held.bytes;
  }
}
