import path from 'node:path';
import { makeFolder, readWhole, replaceDurably } from '../../durable.ts';
import type { Fs } from '../../ports/fs.ts';

/** Which records of the ledger the mirror has looked at: everything before `upto`. Stands beside what is mirrored. */
export class Heard {
  readonly #fs: Fs;
  readonly #file: string;

  constructor(fs: Fs, folder: string) {
    this.#fs = fs;
    this.#file = path.join(folder, 'heard.json');
  }

  /** Undefined: nothing is known, or the file does not say it. */
  async read(): Promise<number | undefined> {
    const bytes = await readWhole(this.#fs, this.#file);
    if (bytes === undefined) return undefined;
    const { upto } = (/^\{"upto":(?<upto>\d{1,15})\}$/.exec(bytes.toString('utf8')) ?? {}).groups ?? {};
    return upto === undefined ? undefined : Number(upto);
  }

  /** Durable when it resolves. */
  async write(upto: number): Promise<void> {
    await makeFolder(this.#fs, path.dirname(this.#file));
    await replaceDurably(this.#fs, this.#file, Buffer.from(JSON.stringify({ upto })));
  }
}
