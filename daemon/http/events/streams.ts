import { fail } from '../../../contracts/errors.ts';

/** The open event streams, so that they are bounded and end with the daemon. */
export class EventStreams {
  readonly #max: number;
  readonly #open = new Set<{ end(): void }>();
  #closing = false;

  constructor(max: number) {
    this.#max = max;
  }

  get size(): number {
    return this.#open.size;
  }

  /** Throws `TOO_MANY_STREAMS`, `NOT_READY`. The returned function forgets the stream. */
  admit(stream: { end(): void }): () => void {
    if (this.#closing) throw fail('NOT_READY');
    if (this.#open.size >= this.#max) throw fail('TOO_MANY_STREAMS', { max: this.#max });
    this.#open.add(stream);
    return () => this.#open.delete(stream);
  }

  /** Ends all of them and admits no more. */
  endAll(): void {
    this.#closing = true;
    for (const stream of this.#open) stream.end();
  }
}
