import type { Readable } from 'node:stream';
import { Trouble } from './talk.ts';

/** Reads answers of line and length based protocols from a socket, at most `max` bytes in all. */
export class Reader {
  #bytes = Buffer.alloc(0);
  #total = 0;
  #ended: Error | undefined;
  #wake: () => void = () => undefined;
  readonly #stream: Readable;
  readonly #stop: () => void;

  constructor(stream: Readable, max = 256 * 1024) {
    this.#stream = stream;
    const take = (chunk: Buffer): void => {
      this.#total += chunk.length;
      if (this.#total > max) end(new Trouble(`it sends more than ${max} bytes`));
      else this.#bytes = Buffer.concat([this.#bytes, chunk]);
      this.#wake();
    };
    const end = (error?: Error): void => {
      this.#ended ??= error ?? new Trouble('it closed the connection');
      this.#wake();
    };
    const closed = (): void => end();
    stream.on('data', take).on('error', end).on('end', closed).on('close', closed);
    this.#stop = () => stream.off('data', take).off('error', end).off('end', closed).off('close', closed);
  }

  /** One line without its end (LF or CRLF). */
  async line(): Promise<string> {
    for (;;) {
      const end = this.#bytes.indexOf(10);
      if (end >= 0)
        return this.#take(end + 1)
          .toString('utf8')
          .replace(/\r?\n$/, '');
      await this.#more();
    }
  }

  async bytes(count: number): Promise<Buffer> {
    while (this.#bytes.length < count) await this.#more();
    return this.#take(count);
  }

  /** Leaves the stream to somebody else, e.g. to TLS. Rejects what came too early: it would be trusted as if secured. */
  release(): void {
    this.#stream.pause();
    this.#stop();
    if (this.#bytes.length > 0) throw new Trouble('it sent data before TLS began');
  }

  #take(count: number): Buffer {
    const taken = this.#bytes.subarray(0, count);
    this.#bytes = this.#bytes.subarray(count);
    return taken;
  }

  async #more(): Promise<void> {
    if (this.#ended !== undefined) throw this.#ended;
    await new Promise<void>((resolve) => (this.#wake = resolve));
    this.#wake = () => undefined;
  }
}
