import type { LedgerRecord } from '../../contracts/record.ts';
import type { FileHandle, Fs } from '../ports/fs.ts';
import type { Ledger } from '../ports/ledger.ts';

/**
 * Mirrors every AdminEvent and refusal into `audit.log.jsonl`, one JSON object a line with the seq of its record. For
 * people and their tools; the ledger is the truth. Starts with what the mirror misses since it was last written.
 */
export async function openAudit(options: {
  fs: Fs;
  path: string;
  ledger: Ledger;
  warn(why: string): void;
}): Promise<{ close(): Promise<void> }> {
  const { fs, path, ledger, warn } = options;
  const file: FileHandle = await fs.open(path, 'a', 0o600);
  let last = await lastSeq(fs, path);
  let queue: string[] = [];
  let writing: Promise<void> = Promise.resolve();

  function take(record: LedgerRecord): void {
    if (record.seq <= last) return;
    last = record.seq;
    const body =
      record.type === 'admin.event'
        ? record.body
        : record.type === 'admission.refused'
          ? { action_type: 'refused', ...record.body }
          : undefined;
    if (body === undefined) return;
    queue.push(`${JSON.stringify({ ledger_seq: record.seq, ...body })}\n`);
    if (queue.length === 1) writing = writing.then(flush);
  }

  async function flush(): Promise<void> {
    const batch = queue;
    queue = [];
    const bytes = Buffer.from(batch.join(''));
    try {
      for (let done = 0; done < bytes.length;) done += await file.write(bytes.subarray(done));
    } catch (error) {
      warn(
        `the audit mirror could not be written: ${error instanceof Error ? error.message : String(error)}`,
      );
    }
  }

  const stop = ledger.subscribe(take);
  const head = ledger.head().size;
  if (last + 1 < head) {
    const missed: LedgerRecord[] = [];
    const upTo = last;
    for await (const record of ledger.read(Math.max(0, upTo + 1)))
      if (record.type === 'admin.event' || record.type === 'admission.refused') missed.push(record);
    const reached = last;
    last = upTo;
    missed.forEach(take);
    last = Math.max(last, reached, head - 1);
  }
  return {
    async close() {
      stop();
      await writing;
      await file.close();
    },
  };
}

/** Seq of the newest mirrored record, −1 when there is none; reads only the end of the file. */
async function lastSeq(fs: Fs, path: string): Promise<number> {
  const file = await fs.open(path, 'r');
  try {
    const { size } = await file.stat();
    const into = new Uint8Array(Math.min(size, 128 * 1024));
    const n = await file.read(into, Math.max(0, size - into.length));
    const lines = Buffer.from(into.subarray(0, n)).toString('utf8').trimEnd().split('\n');
    const seq = /^\{"ledger_seq":(\d{1,15}),/.exec(lines.at(-1) ?? '')?.[1];
    return seq === undefined ? -1 : Number(seq);
  } finally {
    await file.close();
  }
}
