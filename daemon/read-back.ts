import type { LedgerRecord } from '../contracts/record.ts';
import type { Ledger } from './ports/ledger.ts';

/** Records that are read at once. */
const PAGE = 1000;

/** The newest record before `before` (a seq) that `found` takes, looking back no further than what is older than `since`, ms. */
export async function readBack<T extends LedgerRecord>(
  ledger: Pick<Ledger, 'read'>,
  { before, since }: { before: number; since: number },
  found: (record: LedgerRecord) => record is T,
): Promise<T | undefined> {
  for (let to = before; to > 0; to -= PAGE) {
    const from = Math.max(0, to - PAGE);
    let newest: T | undefined;
    let oldest: number | undefined;
    for await (const record of ledger.read(from, { limit: to - from })) {
      oldest ??= record.ts;
      if (found(record)) newest = record;
    }
    if (newest !== undefined) return newest;
    if (oldest !== undefined && oldest < since) return undefined;
  }
  return undefined;
}
