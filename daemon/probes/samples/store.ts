import path from 'node:path';
import { bytes } from '../../../contracts/units.ts';
import { errno, makeFolder, removeDurably } from '../../durable.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Fs } from '../../ports/fs.ts';
import type { Bucket, Samples } from '../../ports/probes.ts';
import type { Sampled } from '../live.ts';
import type { Chunk } from './chunk.ts';
import { CODES, packed, packedSlip } from './codec.ts';
import { Days } from './days.ts';
import { dayName, dayOf, Head } from './head.ts';
import { Journal, readJournal, setAside } from './journal.ts';
import { RawMaker, SeriesMaker, TallyMaker, type RawSample } from './query.ts';

/** Samples stand in the journal after this, ms: what a killed process loses. */
const WRITE_EVERY_MS = 1000;
/** … and on stable storage after this, ms: what a power cut loses. */
const SYNC_EVERY_MS = 10_000;
/** A head becomes a table when it is this old, or this large. */
const HEAD_MS = 3_600_000;
const HEAD_BYTES = 4 * 1024 * 1024;
/** Heads that cannot be written wait, together up to so many times that size. */
const WAITING = 3;
/** Days that are over or too old are looked for so often, ms; a full disk is tried again so often, too. */
const TIDY_EVERY_MS = 60_000;

const JOURNAL = /^journal-(\d{1,15})$/;

export interface SampleDeps {
  fs: Fs;
  clock: Clock;
  /** A folder for the samples alone. */
  dir: string;
  /** watch.retention, ms. */
  retention(): number;
  /** A head becomes a table when it is this large. Default 4 MiB. */
  headBytes?: number;
  warn(what: string, error: unknown): void;
  /** The disk takes no samples (`why`), or does again (null). Meanwhile they are kept in memory as long as there is room. */
  trouble?(why: string | null): void;
}

/** The samples of all probes: in memory and in a journal at first, then in tables of a part of a day, then of a day. */
export class SampleStore implements Samples {
  readonly #deps: SampleDeps;
  readonly #days: Days;
  readonly #headBytes: number;
  #head: Head | undefined;
  #journal: Journal | undefined;
  /** Full heads that are not in a table yet, oldest first. */
  #full: Head[] = [];
  #number = 1;
  /** Work on the disk, one after the other. */
  #chain: Promise<void> = Promise.resolve();
  #tidying: Promise<void> = Promise.resolve();
  #cancelWrite: (() => void) | undefined;
  #cancelTidy: (() => void) | undefined;
  #synced = 0;
  #closed = false;
  readonly #troubles = new Map<string, string>();
  #stored = 0;
  #dropped = 0;

  private constructor(deps: SampleDeps) {
    this.#deps = deps;
    this.#headBytes = deps.headBytes ?? HEAD_BYTES;
    this.#days = new Days({
      ...deps,
      breathe: () => deps.clock.sleep(0, { unref: true }),
    });
  }

  /** Opens the folder, and puts down as tables what an earlier process left in journals. Rejects as the disk does. */
  static async open(deps: SampleDeps): Promise<SampleStore> {
    const store = new SampleStore(deps);
    await makeFolder(deps.fs, deps.dir);
    await store.#recover();
    store.#tidyLater();
    return store;
  }

  /** Never throws, and never waits for the disk. */
  add(probe: string, { at, verdict, ms }: Pick<Sampled, 'at' | 'verdict' | 'ms'>): void {
    this.#put(probe, at, packed(CODES.indexOf(verdict), ms));
  }

  /** So many slots went by without a sample. */
  slip(probe: string, at: number, slots: number): void {
    this.#put(probe, at, packedSlip(slots));
  }

  /** Since the start: samples taken in and given up; why the disk takes none, if so. */
  health(): { stored: number; dropped: number; trouble: string | null } {
    const [trouble = null] = this.#troubles.values();
    return { stored: this.#stored, dropped: this.#dropped, trouble };
  }

  async series(probe: string, from: number, to: number, count: number): Promise<Bucket[]> {
    return (await this.#collect(probe, from, to, () => new SeriesMaker(from, to, count))).buckets();
  }

  async tally(
    probe: string,
    from: number,
    to: number,
    slow?: number,
  ): Promise<{ good: number; bad: number }> {
    const { good, bad } = await this.#collect(probe, from, to, () => new TallyMaker(from, to, slow));
    return { good, bad };
  }

  async raw(probe: string, from: number, to: number, limit: number): Promise<RawSample[]> {
    return (await this.#collect(probe, from, to, () => new RawMaker(from, to))).samples(limit);
  }

  /** Everything taken in so far is in the journal, or was tried. */
  async settled(): Promise<void> {
    this.#write();
    await this.#chain;
  }

  /** Writes what is held. It stays in the journal: the next start makes a table of it. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#cancelTidy?.();
    await this.settled();
    await this.#tidying;
    await this.#try('the journal of the samples', async () => {
      await this.#journal?.sync();
      await this.#journal?.close();
    });
  }

  async #collect<T extends { add(chunk: Chunk): void }>(
    probe: string,
    from: number,
    to: number,
    make: () => T,
  ): Promise<T> {
    for (let tries = 3; ; tries--) {
      const found = make();
      const heads = [...this.#full, ...(this.#head === undefined ? [] : [this.#head])];
      for (const head of heads) for (const chunk of head.chunks(probe)) found.add(chunk);
      try {
        // Which tables are read is settled in the same instant as which heads are.
        await this.#days.chunks(probe, from, to, (chunk) => found.add(chunk));
        return found;
      } catch (error) {
        // Put together or expired while it was read.
        if (errno(error) !== 'ENOENT' || tries === 1) throw error;
      }
    }
  }

  #put(probe: string, at: number, value: number): void {
    if (this.#closed) return;
    const day = dayOf(at);
    if (this.#head !== undefined && this.#head.day !== day) this.#seal();
    this.#head ??= new Head(day, this.#deps.clock.monotonic());
    if (this.#journal === undefined) {
      this.#journal = this.#newJournal();
      this.#head.journals.push(this.#journal);
    }
    this.#head.add(probe, at, value);
    this.#journal.add(probe, at, value);
    this.#stored += 1;
    this.#cancelWrite ??= this.#deps.clock.after(WRITE_EVERY_MS, () => this.#write());
  }

  #newJournal(): Journal {
    const number = this.#number++;
    return new Journal(this.#deps.fs, path.join(this.#deps.dir, `journal-${number}`), number);
  }

  #write(): void {
    this.#cancelWrite?.();
    this.#cancelWrite = undefined;
    const { clock } = this.#deps;
    const [head, journal] = [this.#head, this.#journal];
    if (head === undefined || journal === undefined) return;
    this.#next(async () => {
      await this.#try('the journal of the samples', async () => {
        await journal.write();
        if (clock.monotonic() - this.#synced < SYNC_EVERY_MS) return;
        this.#synced = clock.monotonic();
        await journal.sync();
      });
      // What it could not take is in the head alone; another one takes the samples from now on.
      if (journal.broken && journal === this.#journal) this.#journal = undefined;
    });
    // After its last write: when the disk takes no table, all of it is in the journal.
    if (head.bytes >= this.#headBytes || clock.monotonic() - head.born >= HEAD_MS) this.#seal();
  }

  /** Ends the head; what comes now begins another. */
  #seal(): void {
    if (this.#head === undefined) return;
    this.#full.push(this.#head);
    this.#head = undefined;
    this.#journal = undefined;
    this.#next(() => this.#flush());
  }

  async #flush(): Promise<void> {
    for (let head = this.#full[0]; head !== undefined; head = this.#full[0]) {
      const full = head;
      const number = full.journals.at(-1)?.number ?? this.#number++;
      const done = await this.#try('samples', () =>
        this.#days.flush(full, number, () => {
          this.#full.shift();
        }),
      );
      if (!done) {
        // They wait in memory. When there are too many, the oldest are given up, and their journal with them.
        if (this.#full.reduce((bytes, one) => bytes + one.bytes, 0) <= WAITING * this.#headBytes) return;
        this.#full.shift();
        this.#dropped += full.samples;
        this.#deps.warn('samples were given up', new Error(`${full.samples} of ${dayName(full.day)}`));
      }
      await this.#try('an old journal', () => this.#removeJournals(full));
    }
  }

  async #removeJournals({ journals }: Head): Promise<void> {
    for (const journal of journals) {
      await journal.close();
      await removeDurably(this.#deps.fs, journal.path);
    }
  }

  async #recover(): Promise<void> {
    const { fs, dir, warn } = this.#deps;
    const held = await this.#days.open();
    const numbers = (await fs.readdir(dir))
      .map((name) => Number(JOURNAL.exec(name)?.[1] ?? 0))
      .filter((number) => number > 0)
      .toSorted((a, b) => a - b);
    this.#number = Math.max(held, ...numbers) + 1;
    for (const number of numbers) {
      const file = path.join(dir, `journal-${number}`);
      const heads = new Map<number, Head>();
      if (number > held) {
        const { cut } = await readJournal(fs, file, (probe, at, value) => {
          const day = dayOf(at);
          let head = heads.get(day);
          if (head === undefined) heads.set(day, (head = new Head(day, 0)));
          head.add(probe, at, value);
        }).catch((error: unknown) => setAside(fs, file, error, warn));
        if (cut > 0) warn('samples', new Error(`torn, so left out, at the end of ${file}: ${bytes(cut)}`));
      }
      const all = [...heads.values()];
      const journal = { number, path: file, close: () => Promise.resolve() };
      if (all.length === 0) await removeDurably(fs, file);
      for (const head of all) head.journals.push(journal);
      this.#full.push(...all);
    }
    await this.#flush();
  }

  #tidyLater(): void {
    this.#cancelTidy = this.#deps.clock.after(TIDY_EVERY_MS, () => {
      if (this.#full.length > 0) this.#next(() => this.#flush());
      this.#tidying = this.#tidying.then(() => this.#tidy());
      this.#tidyLater();
    });
  }

  async #tidy(): Promise<void> {
    const now = this.#deps.clock.now();
    await this.#try('old samples', () => this.#days.expire(now, this.#deps.retention()));
    // A head of yesterday may still be on its way.
    for (const day of this.#days.loose(dayOf(now - 2 * TIDY_EVERY_MS))) {
      if (this.#closed) return;
      await this.#try('the samples of a day', () => this.#days.join(day));
    }
  }

  #next(work: () => Promise<void>): void {
    this.#chain = this.#chain.then(work);
  }

  /** Does it, or says why not, once until it works again. */
  async #try(what: string, work: () => Promise<void>): Promise<boolean> {
    const { warn, trouble } = this.#deps;
    const had = this.#troubles.size > 0;
    try {
      await work();
      this.#troubles.delete(what);
      if (had && this.#troubles.size === 0) trouble?.(null);
      return true;
    } catch (error) {
      if (!this.#troubles.has(what)) warn(what, error);
      const why = `${what}: ${error instanceof Error ? error.message : String(error)}`;
      this.#troubles.set(what, why);
      if (!had) trouble?.(why);
      return false;
    }
  }
}
