import { join } from 'node:path';
import { fail } from '../../contracts/errors.ts';
import { errno, writeAll } from '../durable.ts';
import type { FileHandle, Fs } from '../ports/fs.ts';
import { segmentName } from './segments.ts';

/** The segment that is being written. */
export class SegmentFile {
  readonly first: number;
  readonly name: string;
  readonly path: string;
  readonly #fs: Fs;
  readonly #file: FileHandle;
  readonly #ino: number;
  /** Durable bytes. */
  bytes: number;

  private constructor(fs: Fs, dir: string, first: number, file: FileHandle, ino: number, bytes: number) {
    this.#fs = fs;
    this.first = first;
    this.name = segmentName(first);
    this.path = join(dir, this.name);
    this.#file = file;
    this.#ino = ino;
    this.bytes = bytes;
  }

  /**
   * Opens the segment that starts at record `first`, creating it (and syncing the folder) when needed.
   *
   * @param bytes The size it must have.
   */
  static async open(fs: Fs, dir: string, first: number, bytes: number): Promise<SegmentFile> {
    const name = segmentName(first);
    const file = await fs.open(join(dir, name), 'a', 0o600);
    try {
      const stat = await file.stat();
      if (stat.size !== bytes) {
        const why = `it has ${stat.size} bytes where ${bytes} are known`;
        throw fail('LEDGER_CORRUPT', { seq: first, file: name, why });
      }
      // Also when it was there already: a crash may have come between its creation and this.
      if (bytes === 0) await fs.syncDir(dir);
      return new SegmentFile(fs, dir, first, file, stat.ino, bytes);
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  /** write(2) of whole lines; not durable before `sync`. */
  write(data: Uint8Array): Promise<void> {
    return writeAll(this.#file, data);
  }

  /**
   * fdatasync(2), and whether the name still leads to this very file: a record in a file that was removed meanwhile is
   * not durable. @throws LEDGER_GONE
   */
  async sync(): Promise<void> {
    const [, there] = await Promise.all([this.#file.datasync(), this.#isThere()]);
    if (!there) throw fail('LEDGER_GONE', { file: this.name });
  }

  async #isThere(): Promise<boolean> {
    try {
      return (await this.#fs.lstat(this.path)).ino === this.#ino;
    } catch (error) {
      if (errno(error) === 'ENOENT' || errno(error) === 'ENOTDIR') return false;
      throw error;
    }
  }

  /** Cuts off what was written after the last sync. */
  async rollback(): Promise<void> {
    await this.#file.truncate(this.bytes);
    await this.#file.datasync();
  }

  close(): Promise<void> {
    return this.#file.close();
  }
}
