import { z } from 'zod';
import { appendDurably, errno, readFully, renameDurably, writeAll } from '../../durable.ts';
import type { FileHandle, Fs } from '../../ports/fs.ts';
import type { MirrorItem } from '../../ports/mirror.ts';
import { supersedes } from './kinds.ts';
import { lineOf, linesIn, readLine } from './lines.ts';

/** How far a kind of a repository has come; stands in the file behind the items it is about. */
const Cursor = z.object({
  /** The newest there was when the last whole walk began, ms. */
  top: z.number().optional(),
  /** Everything since then is there, ms; what is older was left out with `--since`. Absent: everything. */
  from: z.number().optional(),
  /** Of which the issues were asked for. */
  label: z.string().optional(),
  /** The states of deployments were read with them. */
  states: z.boolean().optional(),
  /** A walk that is not over. */
  walk: z.object({ page: z.number(), top: z.number(), until: z.number() }).optional(),
  /** Of the first page, and of what exactly. */
  etag: z.object({ of: z.string(), value: z.string() }).optional(),
});
export type Cursor = z.infer<typeof Cursor>;

/** `older`: what is there is newer, and stays. */
export type Put = 'new' | 'changed' | 'same' | 'older';
/** Superseded lines that are let stand. */
const SLACK = 1000;

/**
 * The items of one kind of one repository: an append-only file, the last line of an item counts. In memory there are
 * five numbers an item. Torn ends are cut with the first write; a damaged line in the middle is passed over, and the
 * cursor with it, so that everything is fetched again. One caller at a time.
 */
export class Shelf {
  cursor: Cursor = {};
  readonly #fs: Fs;
  readonly #path: string;
  #file: FileHandle | undefined;
  #at = new Map<number, number>();
  #stamp: number[] = [];
  #created: number[] = [];
  #crc: number[] = [];
  #offset: number[] = [];
  #length: number[] = [];
  #end = 0;
  #lines = 0;
  #whole = true;
  #damaged = false;

  private constructor(fs: Fs, path: string) {
    this.#fs = fs;
    this.#path = path;
  }

  /** Writes nothing; the folder must be there only when something is put. */
  static async open(fs: Fs, path: string): Promise<Shelf> {
    const shelf = new Shelf(fs, path);
    await shelf.#scan();
    return shelf;
  }

  has(id: number): boolean {
    return this.#at.has(id);
  }

  get size(): number {
    return this.#at.size;
  }

  async #scan(): Promise<void> {
    const file = await this.#fs.open(this.#path, 'r').catch((error: unknown) => {
      if (errno(error) === 'ENOENT') return undefined;
      throw error;
    });
    if (file === undefined) return;
    try {
      let bad = false;
      let damaged = false;
      for await (const { json, crc, offset, length } of linesIn(file)) {
        if (json === undefined) {
          bad = true;
          continue;
        }
        damaged ||= bad;
        this.#end = offset + length;
        this.#lines++;
        const value = JSON.parse(json) as MirrorItem | { cursor: unknown };
        if ('cursor' in value) this.cursor = Cursor.catch({}).parse(value.cursor);
        else this.#note(value, crc, offset, length);
      }
      if (damaged) this.cursor = {};
      this.#damaged = damaged;
      this.#whole = (await file.stat()).size === this.#end;
    } finally {
      await file.close();
    }
  }

  #note({ id, at, created }: MirrorItem, crc: number, offset: number, length: number): void {
    let slot = this.#at.get(id);
    if (slot === undefined) this.#at.set(id, (slot = this.#stamp.length));
    this.#stamp[slot] = at;
    this.#created[slot] = created;
    this.#crc[slot] = crc;
    this.#offset[slot] = offset;
    this.#length[slot] = length;
  }

  async #read(file: FileHandle, slot: number): Promise<MirrorItem | undefined> {
    const raw = Buffer.alloc(this.#length[slot] ?? 0);
    await readFully(file, raw, this.#offset[slot] ?? 0);
    const line = readLine(raw);
    return line && (JSON.parse(line.json) as MirrorItem);
  }

  /** What each would come to, in their order. */
  async judge(items: readonly MirrorItem[]): Promise<Put[]> {
    const found: Put[] = [];
    let file: FileHandle | undefined;
    try {
      for (const item of items) {
        const slot = this.#at.get(item.id);
        if (slot === undefined) {
          found.push('new');
          continue;
        }
        const line = readLine(lineOf(JSON.stringify(item)));
        if (this.#crc[slot] === line?.crc && this.#stamp[slot] === item.at) found.push('same');
        else {
          file ??= await this.#fs.open(this.#path, 'r');
          const there = await this.#read(file, slot);
          found.push(there === undefined || supersedes(item, there) ? 'changed' : 'older');
        }
      }
    } finally {
      await file?.close();
    }
    return found;
  }

  /** Puts those that are newer than what is there, and the cursor behind them. Durable when it resolves. */
  async put(items: readonly MirrorItem[], cursor?: Cursor): Promise<Put[]> {
    const judged = await this.judge(items);
    const lines: Buffer[] = [];
    const notes: (() => void)[] = [];
    let end = this.#end;
    items.forEach((item, n) => {
      if (judged[n] !== 'new' && judged[n] !== 'changed') return;
      const line = lineOf(JSON.stringify(item));
      const offset = end;
      notes.push(() => this.#note(item, readLine(line)?.crc ?? 0, offset, line.length));
      end += line.length;
      lines.push(line);
    });
    if (cursor !== undefined) {
      const line = lineOf(JSON.stringify({ cursor }));
      end += line.length;
      lines.push(line);
    }
    if (lines.length === 0) return judged;
    if (this.#damaged) {
      await this.compact(true);
      return this.put(items, cursor);
    }
    const file = await this.#writable();
    await appendDurably(file, Buffer.concat(lines));
    this.#end = end;
    this.#lines += lines.length;
    for (const note of notes) note();
    if (cursor !== undefined) this.cursor = cursor;
    return judged;
  }

  async #writable(): Promise<FileHandle> {
    if (this.#file !== undefined) return this.#file;
    const fresh = this.#end === 0;
    const file = await this.#fs.open(this.#path, 'a', 0o600);
    try {
      if (!this.#whole) await file.truncate(this.#end);
      this.#whole = true;
      if (fresh) await this.#fs.syncDir(this.#path.slice(0, this.#path.lastIndexOf('/')));
    } catch (error) {
      await file.close();
      throw error;
    }
    return (this.#file = file);
  }

  /** The newest by creation that were not deleted and that `fits`. */
  async newest(limit: number, fits: (item: MirrorItem) => boolean): Promise<MirrorItem[]> {
    if (this.size === 0) return [];
    const order = [...this.#created.keys()].sort((a, b) => (this.#created[b] ?? 0) - (this.#created[a] ?? 0));
    const file = await this.#fs.open(this.#path, 'r');
    try {
      const found: MirrorItem[] = [];
      for (const slot of order) {
        if (found.length === limit) break;
        const item = await this.#read(file, slot);
        if (item !== undefined && item.deleted !== true && fits(item)) found.push(item);
      }
      return found;
    } finally {
      await file.close();
    }
  }

  /** Writes the file anew where more than half of it is superseded. The old one stays until the new one lasts. */
  async compact(anyway = false): Promise<boolean> {
    if (!anyway && this.#lines <= 2 * this.size + SLACK) return false;
    await this.close();
    const tmp = `${this.#path}.tmp`;
    await this.#fs.unlink(tmp).catch(() => undefined);
    const from = await this.#fs.open(this.#path, 'r');
    const to = await this.#fs.open(tmp, 'wx', 0o600);
    try {
      for (const slot of this.#stamp.keys()) {
        const item = await this.#read(from, slot);
        if (item !== undefined) await writeAll(to, lineOf(JSON.stringify(item)));
      }
      await appendDurably(to, lineOf(JSON.stringify({ cursor: this.cursor })));
    } finally {
      await from.close();
      await to.close();
    }
    await renameDurably(this.#fs, tmp, this.#path);
    [this.#at, this.#end, this.#lines] = [new Map(), 0, 0];
    for (const all of [this.#stamp, this.#created, this.#crc, this.#offset, this.#length]) all.length = 0;
    await this.#scan();
    return true;
  }

  async close(): Promise<void> {
    const file = this.#file;
    this.#file = undefined;
    await file?.close();
  }
}
