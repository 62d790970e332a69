import { constants, createReadStream } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';

/** Above this many waiting characters a writer is made to wait. */
const HIGH_WATER = 256 * 1024;

/** Appends text to a file of its own; what comes faster than the disk waits. Not durable: the stored artifact is. */
export class LogFile {
  readonly path: string;
  readonly #file: FileHandle;
  #waiting = '';
  /** Characters added and not yet in the file. */
  #behind = 0;
  #writing: Promise<void> | undefined;
  #failed: unknown;
  #closing: Promise<void> | undefined;

  private constructor(path: string, file: FileHandle) {
    this.path = path;
    this.#file = file;
  }

  static async create(path: string): Promise<LogFile> {
    return new LogFile(path, await open(path, 'wx', 0o600));
  }

  /** Goes on with a file that a killed process left, after its last whole line; makes it where there is none. */
  static async resume(path: string): Promise<LogFile> {
    const file = await open(path, constants.O_RDWR | constants.O_CREAT | constants.O_APPEND, 0o600);
    try {
      await file.truncate(await endOfLines(file));
      return new LogFile(path, file);
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  /** The first error of writing; nothing is written after it. */
  get failed(): unknown {
    return this.#failed;
  }

  /** Resolves when there is room for more. */
  async add(text: string): Promise<void> {
    if (text === '' || this.#failed !== undefined) return;
    this.#waiting += text;
    this.#behind += text.length;
    this.#writing ??= this.#write();
    while (this.#behind > HIGH_WATER && this.#writing !== undefined) await this.#writing;
  }

  /** Resolves when everything added so far is in the file. */
  async flushed(): Promise<void> {
    while (this.#writing !== undefined) await this.#writing;
  }

  async close(): Promise<void> {
    await this.flushed();
    this.#closing ??= this.#file.close();
    await this.#closing;
  }

  async #write(): Promise<void> {
    try {
      while (this.#waiting !== '') {
        const text = this.#waiting;
        this.#waiting = '';
        await this.#file.appendFile(text);
        this.#behind -= text.length;
      }
    } catch (error) {
      this.#failed = error ?? new Error('unknown');
      this.#waiting = '';
      this.#behind = 0;
    } finally {
      this.#writing = undefined;
    }
  }
}

/** Where the last whole line ends. */
async function endOfLines(file: FileHandle): Promise<number> {
  const chunk = Buffer.alloc(64 * 1024);
  let end = (await file.stat()).size;
  while (end > 0) {
    const from = Math.max(0, end - chunk.length);
    const { bytesRead } = await file.read(chunk, 0, end - from, from);
    const at = chunk.subarray(0, bytesRead).lastIndexOf('\n');
    if (at >= 0) return from + at + 1;
    end = from;
  }
  return 0;
}

export interface LogLine {
  /** Milliseconds since the epoch. */
  t: number;
  step: string;
  stream: 'stdout' | 'stderr' | 'reeve';
  line: string;
}

/** Reads JSONL of `{t, step, stream, line}`; a torn last line is left out. */
export async function readLog(chunks: AsyncIterable<Uint8Array>): Promise<LogLine[]> {
  const decoder = new TextDecoder();
  const lines: LogLine[] = [];
  let rest = '';
  for await (const chunk of chunks) {
    const parts = (rest + decoder.decode(chunk, { stream: true })).split('\n');
    rest = parts.pop() ?? '';
    for (const part of parts) lines.push(JSON.parse(part) as LogLine);
  }
  return lines;
}

export const readLogFile = (path: string): Promise<LogLine[]> => readLog(createReadStream(path));
