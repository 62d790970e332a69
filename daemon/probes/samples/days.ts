import path from 'node:path';
import { errno, removeDurably, renameDurably, writeAll } from '../../durable.ts';
import type { FileHandle, Fs } from '../../ports/fs.ts';
import { chunksIn, soundPart, type Chunk } from './chunk.ts';
import { DAY_MS, dayName, dayOf, type Head } from './head.ts';
import {
  EntryReader,
  readEntry,
  readIndex,
  reading,
  tableEnd,
  type Entry,
  type TableIndex,
} from './table.ts';

/*
 * The tables on disk, in one folder:
 *
 *   2026-11-25.7.part   samples of that day up to journal 7, from where the part before ends
 *   2026-11-25.9.day    all samples of that day up to journal 9
 *
 * Both are written beside their place and renamed, so that each is whole or not there, and never change.
 */

const TABLE = /^(\d{4}-\d\d-\d\d)\.(\d{1,15})\.(part|day)$/;
/** Indexes kept in memory: a month of days and the parts of a busy one, bytes. */
const CACHE_BYTES = 4 * 1024 * 1024;

/** So many parts of a day are put together, also before it is over: what is asked for stands in few files. */
const MAX_PARTS = 8;
/** Tables read at the same time: most of a read is waiting, also for the threads that do it. */
const LANES = 8;

interface Table {
  file: string;
  day: number;
  /** Of the last journal it holds. */
  number: number;
  /** It holds everything of the day up to there. */
  whole: boolean;
}

export interface DaysDeps {
  fs: Fs;
  dir: string;
  warn(what: string, error: unknown): void;
  /** Lets others run between two pieces of work. */
  breathe(): Promise<void>;
}

/** The samples that are on disk as tables. */
export class Days {
  readonly #deps: DaysDeps;
  #tables: Table[] = [];
  readonly #cache = new Map<string, TableIndex>();
  #cached = 0;
  readonly #damaged = new Set<string>();

  constructor(deps: DaysDeps) {
    this.#deps = deps;
  }

  /** Looks what is there; removes what a crash left half-way. Answers the highest journal number that tables hold. */
  async open(): Promise<number> {
    const { fs, dir } = this.#deps;
    for (const name of await fs.readdir(dir)) {
      const file = path.join(dir, name);
      if (name.endsWith('.tmp')) await removeDurably(fs, file);
      const [, date = '', number, kind] = TABLE.exec(name) ?? [];
      if (date === '') continue;
      const day = dayOf(Date.parse(`${date}T00:00:00Z`));
      this.#tables.push({ file, day, number: Number(number), whole: kind === 'day' });
    }
    this.#sort();
    // The crash came after a day was put together, before its parts were removed.
    for (const { day, number, file } of this.#tables.filter((table) => table.whole))
      await this.#remove(this.#of(day).filter((table) => table.number <= number && table.file !== file));
    return Math.max(0, ...this.#tables.map((table) => table.number));
  }

  /**
   * Puts a head down as a table.
   *
   * @param done called at the instant from which on the table is read
   */
  async flush(head: Head, number: number, done: () => void): Promise<void> {
    const file = path.join(this.#deps.dir, `${dayName(head.day)}.${number}.part`);
    await this.#write(file, number, async (put) => {
      for (const [i, probe] of head.probes().entries()) {
        await put(probe, head.seal(probe));
        if (i % 50 === 49) await this.#deps.breathe();
      }
    });
    this.#tables.push({ file, day: head.day, number, whole: false });
    this.#sort();
    done();
  }

  /** Days to be put together: those before `today` that are in parts still, and any that are in many. */
  loose(today: number): number[] {
    const parts = new Map<number, number>();
    for (const { whole, day } of this.#tables) if (!whole) parts.set(day, (parts.get(day) ?? 0) + 1);
    return [...parts].filter(([day, count]) => day < today || count >= MAX_PARTS).map(([day]) => day);
  }

  /** Makes one table of all that there is of a day. */
  async join(day: number): Promise<void> {
    const parts = this.#of(day);
    const { fs, dir } = this.#deps;
    const indexes = await Promise.all(parts.map((part) => this.#index(part)));
    const names = new Set(indexes.flatMap((index) => index?.names() ?? []));
    const number = parts.at(-1)?.number ?? 0;
    const file = path.join(dir, `${dayName(day)}.${number}.day`);
    const open: FileHandle[] = [];
    try {
      for (const part of parts) open.push(await fs.open(part.file, 'r'));
      const readers = open.map((handle) => new EntryReader(handle));
      await this.#write(file, number, async (put) => {
        for (const [n, name] of [...names].toSorted().entries()) {
          const pieces: Buffer[] = [];
          for (const [i, index] of indexes.entries()) {
            const entry = index?.find(name);
            const reader = readers[i];
            if (entry === undefined || reader === undefined) continue;
            // One that is damaged would hide all that comes after it.
            const piece = soundPart(await reader.read(entry), () => this.#tell(parts[i]?.file ?? ''));
            if (piece.length > 0) pieces.push(piece);
          }
          await put(name, Buffer.concat(pieces));
          if (n % 50 === 49) await this.#deps.breathe();
        }
      });
    } finally {
      for (const handle of open) await handle.close();
    }
    this.#tables = this.#tables.filter((table) => !parts.includes(table));
    this.#tables.push({ file, day, number, whole: true });
    this.#sort();
    await this.#remove(parts);
  }

  /**
   * Removes whole days that are older than `retention`, ms, before `now`. As many days as it holds stay in any case: a clock that
   * was set a year ahead by mistake must not cost everything.
   */
  async expire(now: number, retention: number): Promise<void> {
    const days = [...new Set(this.#tables.map(({ day }) => day))].toSorted((a, b) => b - a);
    const kept = days[Math.ceil(retention / DAY_MS) - 1] ?? -Infinity;
    const old = ({ day }: Table): boolean => day < kept && (day + 1) * DAY_MS <= now - retention;
    await this.#remove(this.#tables.filter(old));
  }

  /**
   * Hands over the chunks of a probe that may touch [from, to), in any order. Rejects ENOENT when a table was replaced
   * meanwhile.
   */
  async chunks(probe: string, from: number, to: number, each: (chunk: Chunk) => void): Promise<void> {
    const [first, last] = [dayOf(from), dayOf(to - 1)];
    const waiting = this.#tables.filter(({ day }) => day >= first && day <= last);
    const lane = async (): Promise<void> => {
      for (let table = waiting.pop(); table !== undefined; table = waiting.pop()) {
        const { file } = table;
        const bytes = await this.#entry(table, probe);
        for (const chunk of chunksIn(bytes, () => this.#tell(file)))
          if (chunk.latest >= from && chunk.earliest < to) each(chunk);
      }
    };
    const ended = await Promise.allSettled(Array.from({ length: LANES }, lane));
    for (const one of ended) if (one.status === 'rejected') throw one.reason;
  }

  async #entry(table: Table, probe: string): Promise<Buffer> {
    const none = Buffer.alloc(0);
    const cached = this.#cache.get(table.file);
    if (cached !== undefined && cached.find(probe) === undefined) return none;
    return reading(this.#deps.fs, table.file, async (file) => {
      const entry = (await this.#index(table, file))?.find(probe);
      return entry === undefined ? none : readEntry(file, entry);
    });
  }

  #of(day: number): Table[] {
    return this.#tables.filter((table) => table.day === day);
  }

  #sort(): void {
    this.#tables.sort((a, b) => a.day - b.day || a.number - b.number);
  }

  async #index(table: Table, file?: FileHandle): Promise<TableIndex | undefined> {
    const cached = this.#cache.get(table.file);
    if (cached !== undefined) return cached;
    const index = await (file === undefined
      ? reading(this.#deps.fs, table.file, readIndex)
      : readIndex(file));
    if (index === undefined) {
      this.#tell(table.file);
      return undefined;
    }
    this.#cached += index.bytes;
    for (const [oldest, { bytes }] of this.#cache) {
      if (this.#cached <= CACHE_BYTES) break;
      this.#cache.delete(oldest);
      this.#cached -= bytes;
    }
    this.#cache.set(table.file, index);
    return index;
  }

  #forget(file: string): void {
    this.#cached -= this.#cache.get(file)?.bytes ?? 0;
    this.#cache.delete(file);
  }

  #tell(file: string): void {
    if (this.#damaged.has(file)) return;
    this.#damaged.add(file);
    this.#deps.warn('samples are damaged and left out', new Error(file));
  }

  async #remove(tables: readonly Table[]): Promise<void> {
    this.#tables = this.#tables.filter((table) => !tables.includes(table));
    for (const { file } of tables) {
      this.#forget(file);
      await removeDurably(this.#deps.fs, file);
    }
  }

  async #write(
    path: string,
    number: number,
    fill: (put: (name: string, bytes: Buffer) => Promise<void>) => Promise<void>,
  ): Promise<void> {
    const { fs } = this.#deps;
    const tmp = `${path}.tmp`;
    await fs.unlink(tmp).catch((error: unknown) => {
      if (errno(error) !== 'ENOENT') throw error;
    });
    const made = await fs.open(tmp, 'wx', 0o600);
    const entries: Entry[] = [];
    let offset = 0;
    let waiting: Buffer[] = [];
    let held = 0;
    const drain = async (): Promise<void> => {
      await writeAll(made, Buffer.concat(waiting));
      [waiting, held] = [[], 0];
    };
    try {
      await fill(async (name, bytes) => {
        entries.push({ name, offset, length: bytes.length });
        offset += bytes.length;
        waiting.push(bytes);
        held += bytes.length;
        if (held > 128 * 1024) await drain();
      });
      waiting.push(tableEnd(entries, number));
      await drain();
      await made.datasync();
    } catch (error) {
      await fs.unlink(tmp).catch(() => undefined);
      throw error;
    } finally {
      await made.close();
    }
    await renameDurably(fs, tmp, path);
  }
}
