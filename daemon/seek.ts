import type { Ledger } from './ports/ledger.ts';

/** The clock may have been set back by this much while records were written, ms. */
const SLACK = 3_600_000;

/**
 * Where to begin to read for what happened from `time` (ms) on: a seq before which nothing of it stands, and not much more
 * than an hour before it. Reads one record for each halving of the ledger.
 */
export async function seekTime(ledger: Pick<Ledger, 'head' | 'read'>, time: number): Promise<number> {
  const since = time - SLACK;
  let low = 0;
  let high = ledger.head().size;
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    let at: number | undefined;
    for await (const { ts } of ledger.read(middle, { limit: 1 })) at = ts;
    if (at === undefined || at >= since) high = middle;
    else low = middle + 1;
  }
  return low;
}
