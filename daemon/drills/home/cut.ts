import { randomUUID } from 'node:crypto';
import { fail } from '../../../contracts/errors.ts';
import type { DriverDeps } from '../driver.ts';
import { readNote, type NoteHead } from './note.ts';

/** The instant a backup stands for. */
export interface Cut {
  head: NoteHead;
  /** The signed checkpoint that defines it. */
  note: string;
  at: number;
  /** Time of the last record before it. */
  lastCommit: number;
  sentinel: { uuid: string; seq: number };
  state: { size: number; digest: string };
}

/**
 * Writes a sentinel record, then a signed checkpoint, and takes what that covers as the backup's content. The log is
 * append-only, so copying its first `size` records later gives exactly what was there now.
 */
export async function takeCut(deps: DriverDeps, job_id: string): Promise<Cut> {
  const { ledger, clock } = deps;
  const uuid = randomUUID();
  let digest = '';
  const { record } = await ledger.append(
    'drill.sentinel',
    { uuid, job_id, at: 'before_cut' },
    // The guard runs when every earlier record is folded and this one is not: a state with an exact size.
    {
      guard: () => {
        digest = deps.captureState();
      },
    },
  );
  const note = await ledger.checkpoint();
  const at = clock.now();
  const head = readNote(note);
  if (head === undefined) throw fail('BACKUP_INCONSISTENT', { why: 'the checkpoint cannot be read' });
  if (head.size <= record.seq) {
    const why = `the checkpoint covers ${head.size} records, the sentinel is record ${record.seq}`;
    throw fail('BACKUP_INCONSISTENT', { why });
  }
  let lastCommit = record.ts;
  for await (const last of ledger.read(head.size - 1, { limit: 1 })) lastCommit = last.ts;
  return {
    head,
    note,
    at,
    lastCommit,
    sentinel: { uuid, seq: record.seq },
    state: { size: record.seq, digest },
  };
}
