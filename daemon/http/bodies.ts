import { fail } from '../../contracts/errors.ts';

/** Up to here a body is small, bytes. */
const SMALL = 256 * 1024;
/** Bytes of bodies that may be on their way at once. */
const ROOM = { small: 32 * 1024 * 1024, large: 64 * 1024 * 1024 };

/**
 * Memory for bodies of which nothing is known yet, taken before they are read. Small ones have room of their own: whoever
 * sends large ones slowly does not keep them out.
 */
export class Bodies {
  readonly #used = { small: 0, large: 0 };

  /** Throws WEBHOOK_BUSY. What it returns gives the room back, once. */
  reserve(bytes: number): () => void {
    const kind = bytes <= SMALL ? 'small' : 'large';
    if (this.#used[kind] + bytes > ROOM[kind])
      throw fail('WEBHOOK_BUSY', { why: 'too many deliveries are arriving at once' });
    this.#used[kind] += bytes;
    let held = true;
    return () => {
      if (!held) return;
      held = false;
      this.#used[kind] -= bytes;
    };
  }
}
