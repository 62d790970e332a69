import { createDurably, errno, isNoSpace, readFully, writeAll } from '../durable.ts';
import type { LedgerRecord } from '../../contracts/record.ts';
import type { FileHandle, Fs } from '../ports/fs.ts';
import type { Ledger } from '../ports/ledger.ts';

export interface AuditOptions {
  fs: Fs;
  path: string;
  ledger: Pick<Ledger, 'head' | 'read' | 'subscribe'>;
  warn(why: string): void;
}

/**
 * Mirrors every AdminEvent and refusal into `audit.log.jsonl`, one JSON object a line with the seq of its record. For
 * people and their tools; the ledger is the truth. Starts with what the mirror misses since it was last written. A line
 * that a crash or a full disk cut off is put aside and written anew, whole.
 */
export async function openAudit(options: AuditOptions): Promise<{ close(): Promise<void> }> {
  const { fs, path, ledger, warn } = options;
  const file: FileHandle = await fs.open(path, 'a', 0o600);
  const found = await heal(options, file);
  /** Seq up to which everything is mirrored, and the newest record there is. */
  let mirrored = found.seq;
  let newest = Math.max(found.seq, ledger.head().size - 1);
  /** Bytes of whole lines. */
  let whole = found.size;
  /** Lines that only need to be written; while `behind`, the ledger is read instead. */
  let queue: string[] = [];
  let behind = mirrored < newest;
  let writing: Promise<void> = Promise.resolve();
  /** A flush that has not begun takes all that comes until it does. */
  let due = false;

  function take(record: LedgerRecord): void {
    if (record.seq <= newest) return;
    newest = record.seq;
    const line = lineOf(record);
    if (line === undefined) return;
    if (!behind) queue.push(line);
    if (due) return;
    due = true;
    writing = writing.then(flush);
  }

  async function flush(): Promise<void> {
    due = false;
    try {
      while (mirrored < newest) {
        if (!behind) break;
        const lines: string[] = [];
        let through = mirrored;
        for await (const record of ledger.read(mirrored + 1)) {
          through = record.seq;
          const line = lineOf(record);
          if (line !== undefined) lines.push(line);
        }
        if (through === mirrored) return;
        await write(lines);
        mirrored = through;
      }
      behind = false;
      const batch = queue;
      queue = [];
      const through = newest;
      await write(batch);
      mirrored = through;
    } catch (error) {
      warn(`the audit mirror could not be written: ${String(error)}`);
      behind = true;
      queue = [];
      await file
        .truncate(whole)
        .catch((refused: unknown) => warn(`half a line stands in the audit mirror: ${String(refused)}`));
    }
  }

  async function write(lines: readonly string[]): Promise<void> {
    const bytes = Buffer.from(lines.join(''));
    if (bytes.length === 0) return;
    await writeAll(file, bytes);
    whole += bytes.length;
  }

  const stop = ledger.subscribe(take);
  if (behind) writing = flush();
  return {
    async close() {
      stop();
      await writing;
      await file.close();
    },
  };
}

function lineOf(record: LedgerRecord): string | undefined {
  const body =
    record.type === 'admin.event'
      ? record.body
      : record.type === 'admission.refused'
        ? { action_type: 'refused', ...record.body }
        : undefined;
  return body === undefined ? undefined : `${JSON.stringify({ ledger_seq: record.seq, ...body })}\n`;
}

/** How far back the last whole line is looked for: a record has at most 64 KiB. */
const TAIL = 256 * 1024;

/** Cuts half a line off the end and keeps it beside the mirror. Answers the newest seq mirrored (−1: none) and the size. */
async function heal(
  { fs, path, warn }: AuditOptions,
  file: FileHandle,
): Promise<{ seq: number; size: number }> {
  const { size } = await file.stat();
  const from = Math.max(0, size - TAIL);
  const bytes = Buffer.alloc(size - from);
  const reader = await fs.open(path, 'r');
  try {
    await readFully(reader, bytes, from);
  } finally {
    await reader.close();
  }
  const end = bytes.lastIndexOf('\n') + 1;
  const torn = bytes.subarray(end);
  const lines = bytes.subarray(0, end).toString('utf8').split('\n');
  const seqs = lines.map((line) => /^\{"ledger_seq":(\d{1,15}),/.exec(line)?.[1]);
  const seq = Number(seqs.findLast((found) => found !== undefined) ?? -1);
  if (torn.length === 0) return { seq, size };
  const aside = `${path}.torn-${size}`;
  try {
    await createDurably(fs, aside, torn).catch((error: unknown) => {
      // Put aside at the last start, which then could not cut it off.
      if (errno(error) !== 'EEXIST') throw error;
    });
    await file.truncate(from + end);
    warn(`the audit mirror ended in half a line of ${torn.length} bytes: they are in ${aside}`);
    return { seq, size: from + end };
  } catch (error) {
    if (!isNoSpace(error)) throw error;
    // No room to keep them: they stay where they are, on a line of their own as soon as there is any.
    warn(`the audit mirror ends in half a line that cannot be put aside: ${String(error)}`);
    await writeAll(file, Buffer.from('\n')).catch(() => undefined);
    return { seq, size: (await file.stat()).size };
  }
}
