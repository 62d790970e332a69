import path from 'node:path';
import { z } from 'zod';
import { makeFolder, readWhole, replaceDurably } from '../../durable.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Fs } from '../../ports/fs.ts';
import type { MirrorItem, MirrorKind, MirrorRepository } from '../../ports/mirror.ts';
import { errno } from '../../durable.ts';
import { Shelf } from './shelf.ts';

/** A shelf that nobody asks for is forgotten after this, ms. */
const KEEP = 30_000;
const Repository = z.object({ id: z.int(), named: z.string(), full_name: z.string() });

/** What is mirrored of GitHub: `<folder>/<number of the repository>/<kind>.jsonl`. */
export class GithubMirror {
  readonly #fs: Fs;
  readonly #folder: string;
  readonly #clock: Pick<Clock, 'after'>;
  readonly #open = new Map<
    string,
    { shelf: Promise<Shelf> | undefined; tail: Promise<unknown>; busy: number }
  >();
  #cancel = (): void => {};

  constructor({ fs, folder, clock }: { fs: Fs; folder: string; clock: Pick<Clock, 'after'> }) {
    this.#fs = fs;
    this.#folder = folder;
    this.#clock = clock;
  }

  /** Those that were mirrored once. */
  async repositories(): Promise<MirrorRepository[]> {
    const names = await this.#fs.readdir(this.#folder).catch((error: unknown) => {
      if (errno(error) === 'ENOENT') return [];
      throw error;
    });
    const numbers = names.filter((name) => /^\d+$/.test(name));
    const all = await Promise.all(numbers.map((name) => readWhole(this.#fs, this.#about(name))));
    return all.flatMap((bytes) => {
      if (bytes === undefined) return [];
      const read = Repository.safeParse(parsed(bytes));
      return read.success ? [read.data] : [];
    });
  }

  /** Durable when it resolves. */
  async remember(repository: MirrorRepository): Promise<void> {
    const file = this.#about(String(repository.id));
    const bytes = Buffer.from(JSON.stringify(repository));
    const there = await readWhole(this.#fs, file);
    if (there?.equals(bytes) === true) return;
    await makeFolder(this.#fs, path.dirname(file));
    await replaceDurably(this.#fs, file, bytes);
  }

  /** One after the other for a shelf. After a failure it is read anew from the disk. */
  async with<T>(repository: number, kind: MirrorKind, use: (shelf: Shelf) => Promise<T>): Promise<T> {
    const file = path.join(this.#folder, String(repository), `${kind}.jsonl`);
    let entry = this.#open.get(file);
    if (entry === undefined) {
      entry = { shelf: undefined, tail: Promise.resolve(), busy: 0 };
      this.#open.set(file, entry);
    }
    const mine = entry;
    mine.busy++;
    const done = mine.tail.then(async () => {
      const shelf = (mine.shelf ??= Shelf.open(this.#fs, file));
      try {
        return await use(await shelf);
      } catch (error) {
        // Before the next of them has its turn: it would go by where this one left it.
        mine.shelf = undefined;
        await closed(shelf);
        throw error;
      }
    });
    mine.tail = done.catch(() => undefined);
    try {
      return await done;
    } finally {
      mine.busy--;
      this.#cancel();
      this.#cancel = this.#clock.after(KEEP, () => void this.close().catch(() => undefined));
    }
  }

  /** One item that a delivery told. Durable when it resolves. */
  async tell(repository: MirrorRepository, kind: MirrorKind, item: MirrorItem): Promise<void> {
    await this.remember(repository);
    await this.with(repository.id, kind, (shelf) => shelf.put([item]));
  }

  /** Lets go of what nobody uses. */
  async close(): Promise<void> {
    this.#cancel();
    for (const [file, { shelf, busy }] of this.#open) {
      if (busy > 0) continue;
      this.#open.delete(file);
      await closed(shelf);
    }
  }

  /** Lets go of one that nobody will ask for soon. */
  async drop(repository: number, kind: MirrorKind): Promise<void> {
    const file = path.join(this.#folder, String(repository), `${kind}.jsonl`);
    const entry = this.#open.get(file);
    if (entry === undefined || entry.busy > 0) return;
    this.#open.delete(file);
    await closed(entry.shelf);
  }

  #about(repository: string): string {
    return path.join(this.#folder, repository, 'repository.json');
  }
}

/** Undefined for what is damaged: the next run finds out again which repository it is, and writes it anew. */
function parsed(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString('utf8'));
  } catch {
    return undefined;
  }
}

async function closed(shelf: Promise<Shelf> | undefined): Promise<void> {
  await (await shelf?.catch(() => undefined))?.close();
}
