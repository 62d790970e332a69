import { ReeveError } from '../../contracts/errors.ts';
import type { Ledger } from '../ports/ledger.ts';

/**
 * Resolves when what the state shows is durable. A full disk is no reason not to show it: the state has been cut back to
 * what is on disk by then. Rejects `LEDGER_UNWRITABLE` otherwise.
 */
export async function settled(ledger: Ledger): Promise<void> {
  try {
    await ledger.settled();
  } catch (error) {
    if (error instanceof ReeveError && error.code === 'LEDGER_DISK_FULL') return;
    throw error;
  }
}
