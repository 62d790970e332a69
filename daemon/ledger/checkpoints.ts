import { join } from 'node:path';
import { fail } from '../../contracts/errors.ts';
import { appendDurably, isNoFiles, readWhole, replaceDurably, settleDurably } from '../durable.ts';
import type { Clock } from '../ports/clock.ts';
import type { Fs } from '../ports/fs.ts';
import type { CheckpointSigner } from '../ports/keys.ts';
import { rootOf, type Peaks } from './merkle.ts';
import { signCheckpoint, verifyCheckpoint, type Checkpoint, type VerifierKey } from './note.ts';

/** The newest checkpoint. */
export const checkpointPath = (dir: string): string => join(dir, 'checkpoint');
/** Earlier ones, append-only, each followed by an empty line. */
export const historyPath = (dir: string): string => join(dir, 'checkpoints');

/** Between two checkpoints while records arrive, ms. */
const INTERVAL_MS = 1000;
/** One checkpoint in so many records is kept for good (beside those of seals, closes and on demand). */
const HISTORY_EVERY = 4096;

const NOTE = /[^\n\0]+\n[0-9]+\n[^\n\0]+\n\n(?:— [^\n\0]+\n)+\n/y;

/** Splits the history file. `good` is the length in bytes of its well-formed part; a crash may leave half a note after it. */
export function splitHistory(data: Buffer): { notes: string[]; good: number } {
  const text = data.toString('utf8');
  const notes: string[] = [];
  let good = 0;
  NOTE.lastIndex = 0;
  for (let match = NOTE.exec(text); match !== null; match = NOTE.exec(text)) {
    notes.push(match[0].slice(0, -1));
    good += Buffer.byteLength(match[0]);
  }
  return { notes, good };
}

/**
 * The signed checkpoints that opening must hold the ledger against: the newest one and the end of the history.
 *
 * @throws LEDGER_CHECKPOINT_INVALID
 */
export async function loadCheckpoints(
  fs: Fs,
  dir: string,
  keys: readonly VerifierKey[],
): Promise<Checkpoint[]> {
  const found: Checkpoint[] = [];
  const add = (file: string, note: string): void => {
    const result = verifyCheckpoint(note, keys);
    if ('why' in result) throw fail('LEDGER_CHECKPOINT_INVALID', { file, why: result.why });
    found.push(result);
  };
  const newest = await readWhole(fs, checkpointPath(dir), 64 * 1024);
  if (newest !== undefined) add('checkpoint', newest.toString('utf8'));
  const history = await readWhole(fs, historyPath(dir));
  const last = history === undefined ? undefined : splitHistory(history).notes.at(-1);
  if (last !== undefined) add('checkpoints', last);
  return found;
}

/**
 * Cuts half a note off the end of the history, and makes its last notes durable once more: an earlier process may have
 * failed to.
 */
export async function repairHistory(fs: Fs, dir: string): Promise<void> {
  const data = await readWhole(fs, historyPath(dir));
  if (data === undefined || data.length === 0) return;
  const { good } = splitHistory(data);
  if (good < data.length) await cutHistory(fs, dir, good);
  await settleDurably(fs, historyPath(dir), Math.max(0, good - 4096), good);
}

async function cutHistory(fs: Fs, dir: string, size: number): Promise<void> {
  const file = await fs.open(historyPath(dir), 'r+');
  try {
    await file.truncate(size);
    await file.datasync();
  } finally {
    await file.close();
  }
}

export interface CheckpointerOptions {
  fs: Fs;
  dir: string;
  clock: Clock;
  signer: CheckpointSigner;
  /** Size and peaks of what is durable. */
  durable(): { size: number; peaks: Peaks | null };
  /** Runs after each checkpoint, with its size; its failure is reported like one of the checkpoint. */
  after(covered: number): Promise<void>;
  warn(what: string, error: unknown): void;
}

/** Writes signed checkpoints over durable records: at most one a second while records arrive, and on demand. */
export class Checkpointer {
  readonly #options: CheckpointerOptions;
  #chain: Promise<unknown> = Promise.resolve();
  #cancel: (() => void) | undefined;
  #last: { size: number; note: string } | undefined;
  #inHistory: number;
  /** Where the history must be cut before it grows, after an append that failed. */
  #tornAt: number | undefined;

  /** @param known Size of the newest checkpoint there is. */
  constructor(options: CheckpointerOptions, known: number) {
    this.#options = options;
    this.#inHistory = known;
  }

  /** Called after records became durable. */
  touch(): void {
    if (this.#cancel !== undefined) return;
    this.#cancel = this.#options.clock.after(INTERVAL_MS, () => {
      this.#cancel = undefined;
      // A failure here costs only freshness of the signed head: it is reported and tried again with the next record.
      this.write(false).catch((error: unknown) => this.#options.warn('checkpoint', error));
    });
  }

  stop(): void {
    this.#cancel?.();
    this.#cancel = undefined;
  }

  /** Resolves with the signed note once it is durable. `keep` puts it into the history too. */
  write(keep: boolean): Promise<string> {
    const next = this.#chain.then(() => this.#write(keep));
    this.#chain = next.catch(() => {});
    return next;
  }

  async #write(keep: boolean): Promise<string> {
    const { fs, dir, signer } = this.#options;
    const { size, peaks } = this.#options.durable();
    try {
      if (this.#last === undefined || this.#last.size !== size) {
        const note = signCheckpoint(signer, size, rootOf(peaks));
        await replaceDurably(fs, checkpointPath(dir), Buffer.from(note));
        this.#last = { size, note };
      }
      const { note } = this.#last;
      if (size > this.#inHistory && (keep || size - this.#inHistory >= HISTORY_EVERY)) {
        await this.#keep(note);
        this.#inHistory = size;
      }
      await this.#options.after(size);
      return note;
    } catch (error) {
      if (isNoFiles(error)) throw fail('LEDGER_NO_FILES', { what: 'the checkpoint' }, { cause: error });
      throw error;
    }
  }

  async #keep(note: string): Promise<void> {
    const { fs, dir } = this.#options;
    if (this.#tornAt !== undefined) await cutHistory(fs, dir, this.#tornAt);
    const file = await fs.open(historyPath(dir), 'a', 0o600);
    try {
      this.#tornAt = (await file.stat()).size;
      if (this.#tornAt === 0) await fs.syncDir(dir);
      await appendDurably(file, Buffer.from(`${note}\n`));
      this.#tornAt = undefined;
    } finally {
      await file.close();
    }
  }
}
