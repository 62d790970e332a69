import { crc32 } from 'node:zlib';
import { Cursor, MAX_VARINT, putVarint, unzigzag, zigzag } from './codec.ts';
import { Sketch } from './sketch.ts';

/*
 * A chunk holds consecutive samples of one probe:
 *
 *   u32 length of the rest, u32 CRC-32 of the rest
 *   first time (ms), earliest − first, latest − first, length of the sketch, sketch
 *   for each sample: change of the interval (zigzag), latency and code (codec.ts)
 *
 * All numbers but the first two are varints. Intervals hardly change, so most samples take three or four bytes.
 */

const HEAD_BYTES = 8;

/** Takes samples of one probe until it is sealed. */
export class ChunkWriter {
  #bytes = Buffer.allocUnsafe(64);
  #used = 0;
  #first = 0;
  #last = 0;
  #step = 0;
  #earliest = 0;
  #latest = 0;
  count = 0;

  /** @param value latency and code (codec.ts) */
  add(at: number, value: number): void {
    if (this.#used + 2 * MAX_VARINT > this.#bytes.length) this.#grow();
    if (this.count === 0) {
      this.#first = this.#last = this.#earliest = this.#latest = at;
    }
    const step = at - this.#last;
    this.#used = putVarint(this.#bytes, this.#used, zigzag(step - this.#step));
    this.#used = putVarint(this.#bytes, this.#used, value);
    this.#step = step;
    this.#last = at;
    if (at < this.#earliest) this.#earliest = at;
    if (at > this.#latest) this.#latest = at;
    this.count += 1;
  }

  get bytes(): number {
    return this.#used;
  }

  /** The whole chunk; more samples may follow in the writer. */
  seal(): Buffer {
    const sketch = new Sketch();
    readSamples(new Cursor(this.#bytes, 0, this.#used), this.#first, (_, value) => sketch.add(value));
    const header = Buffer.allocUnsafe(4 * MAX_VARINT + sketch.room);
    const sketched = sketch.write(header, 0);
    const chunk = Buffer.allocUnsafe(HEAD_BYTES + 4 * MAX_VARINT + sketched + this.#used);
    let at = putVarint(chunk, HEAD_BYTES, this.#first);
    at = putVarint(chunk, at, this.#first - this.#earliest);
    at = putVarint(chunk, at, this.#latest - this.#first);
    at = putVarint(chunk, at, sketched);
    at += header.copy(chunk, at, 0, sketched);
    at += this.#bytes.copy(chunk, at, 0, this.#used);
    chunk.writeUInt32LE(at - HEAD_BYTES, 0);
    chunk.writeUInt32LE(crc32(chunk.subarray(HEAD_BYTES, at)), 4);
    return chunk.subarray(0, at);
  }

  #grow(): void {
    const larger = Buffer.allocUnsafe(this.#bytes.length * 2);
    this.#bytes.copy(larger, 0, 0, this.#used);
    this.#bytes = larger;
  }
}

/** A chunk that was read. */
export interface Chunk {
  /** Times of its samples, ms, both included. */
  earliest: number;
  latest: number;
  /** Adds all its samples to a sketch at once. */
  into(sketch: Sketch): void;
  samples(each: (at: number, value: number) => void): void;
}

/**
 * The chunks that stand one after the other in `bytes`. What does not have its checksum is left out; since nothing after
 * it can be trusted to begin where it says, the rest is, too.
 *
 * @param damaged called once when something was left out, with the place from where on
 */
export function* chunksIn(bytes: Buffer, damaged: (at: number) => void): Generator<Chunk> {
  for (let at = 0; at < bytes.length;) {
    const length = at + HEAD_BYTES <= bytes.length ? bytes.readUInt32LE(at) : Infinity;
    const end = at + HEAD_BYTES + length;
    const body = end <= bytes.length ? bytes.subarray(at + HEAD_BYTES, end) : undefined;
    if (body === undefined || crc32(body) !== bytes.readUInt32LE(at + 4)) {
      damaged(at);
      return;
    }
    yield chunkOf(body);
    at = end;
  }
}

/** The beginning of `bytes` that `chunksIn` can read: all of it, if nothing is damaged. */
export function soundPart(bytes: Buffer, damaged: () => void): Buffer {
  let end = bytes.length;
  const cut = (at: number): void => {
    end = at;
    damaged();
  };
  for (const chunk of chunksIn(bytes, cut)) void chunk;
  return bytes.subarray(0, end);
}

function chunkOf(body: Buffer): Chunk {
  const cursor = new Cursor(body);
  const first = cursor.varint();
  const earliest = first - cursor.varint();
  const latest = first + cursor.varint();
  const sketched = cursor.varint();
  const begin = cursor.at;
  return {
    earliest,
    latest,
    into: (sketch) => sketch.merge(new Cursor(body, begin, begin + sketched)),
    samples: (each) => readSamples(new Cursor(body, begin + sketched), first, each),
  };
}

function readSamples(cursor: Cursor, first: number, each: (at: number, value: number) => void): void {
  let at = first;
  let step = 0;
  while (cursor.at < cursor.end) {
    step += unzigzag(cursor.varint());
    at += step;
    each(at, cursor.varint());
  }
}
