import type { Ledger } from '../ports/ledger.ts';
import { KEPT, type SlotRow } from './projection.ts';

/**
 * Recorded slots of a schedule that were due before a time, ms, the latest first: one pass over the ledger (about a second
 * for each million records). Of slots at the same time (one that was skipped and one that was filled in later) none is
 * cut off, so that the next page begins where this one ends.
 */
export async function slotsBefore(
  ledger: Pick<Ledger, 'read'>,
  schedule: string,
  before: number,
  limit: number,
): Promise<SlotRow[]> {
  const found: SlotRow[] = [];
  for await (const { type, body, ts } of ledger.read(0))
    if (type === 'schedule.slot' && body.schedule === schedule && body.slot < before)
      found.push({ ...body, at: ts });
  found.sort((a, b) => b.slot - a.slot || b.at - a.at);
  const last = found[limit - 1];
  return last === undefined ? found : found.filter((row, i) => i < limit || row.slot === last.slot);
}

/** Whether what is kept in memory answers it. */
export const isKept = ({ limit, before }: { limit: number; before?: number }): boolean =>
  before === undefined && limit <= KEPT;
