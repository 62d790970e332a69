import path from 'node:path';
import type { Json } from '../../contracts/json.ts';
import { makeFolder, readWhole, removeDurably, replaceDurably } from '../durable.ts';
import type { Fs } from '../ports/fs.ts';
import type { ProbeMemo } from '../ports/probe-kinds.ts';

/** Bytes. */
const MAX_MEMO = 4096;

/** What probes keep over a restart: one small file each, `<probe>.<kind>.json`. */
export class Memos {
  readonly #fs: Fs;
  readonly #dir: string;
  /** Saves go one after the other: a file has one temporary name. */
  #chain: Promise<unknown> = Promise.resolve();

  constructor(fs: Fs, dir: string) {
    this.#fs = fs;
    this.#dir = dir;
  }

  of(probe: string, kind: string): ProbeMemo {
    const file = path.join(this.#dir, `${probe}.${kind}.json`);
    return {
      load: async () => {
        const bytes = await readWhole(this.#fs, file, MAX_MEMO);
        try {
          return bytes === undefined ? undefined : (JSON.parse(bytes.toString('utf8')) as Json);
        } catch {
          // As good as none: what it says is only a help.
          return undefined;
        }
      },
      save: (value) => {
        const bytes = Buffer.from(JSON.stringify(value));
        if (bytes.length > MAX_MEMO)
          return Promise.reject(new Error(`a memo of ${bytes.length} bytes, over ${MAX_MEMO}`));
        return this.#next(async () => {
          await makeFolder(this.#fs, this.#dir);
          await replaceDurably(this.#fs, file, bytes);
        });
      },
    };
  }

  forget(probe: string, kind: string): Promise<void> {
    return this.#next(() => removeDurably(this.#fs, path.join(this.#dir, `${probe}.${kind}.json`)));
  }

  #next(work: () => Promise<void>): Promise<void> {
    const turn = this.#chain.then(work);
    this.#chain = turn.catch(() => undefined);
    return turn;
  }
}
