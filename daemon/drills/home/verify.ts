import { fail } from '../../../contracts/errors.ts';
import type { LedgerRecord } from '../../../contracts/record.ts';
import type { Head } from '../../ports/ledger.ts';
import type { DriverDeps } from '../driver.ts';
import type { Manifest } from './manifest.ts';

export interface Verified {
  head: Head;
  /** Root of the live ledger at the same size: equal, so the copy is a prefix of what is live. */
  live_root: string;
  state: { size: number; digest: string };
}

const mismatch = (why: string): Error => fail('RESTORE_MISMATCH', { why });

/**
 * Full verification of the restored ledger folder: signatures and Merkle root by the ledger's own verification, the same
 * root as the manifest and as the live ledger at that size (so that nothing was rewritten since), and the projections
 * folded anew equal to those that were live at the cut.
 *
 * @throws RESTORE_MISMATCH and the LEDGER_* codes of the verification
 */
export async function verifyCopy(deps: DriverDeps, dir: string, manifest: Manifest): Promise<Verified> {
  const { head: expected, state } = manifest;
  const head = await deps.verify(dir);
  if (head.size !== expected.size)
    throw mismatch(`it has ${head.size} records, the manifest says ${expected.size}`);
  if (head.root !== expected.root)
    throw mismatch(`its root is ${head.root}, the manifest says ${expected.root}`);
  const live_root = await deps.rootAt(head.size);
  if (live_root !== head.root)
    throw mismatch(
      `the live ledger has the root ${live_root} at ${head.size} records, the copy ${head.root}`,
    );
  const digest = await deps.replay(dir, state.size);
  if (digest !== state.digest)
    throw mismatch(`its projections fold to ${digest}, those that were live had ${state.digest}`);
  return { head, live_root, state: { size: state.size, digest } };
}

/**
 * Starts the service's read side on the restored folder and asks it: its head, the sentinel that was written before the
 * cut, the newest record, and whether it knows what was written only after the cut (which would mean that something
 * else than the backup answered).
 *
 * @returns the newest record found.
 */
export async function askCopy(
  deps: DriverDeps,
  dir: string,
  manifest: Manifest,
  after: { uuid: string },
): Promise<LedgerRecord> {
  const service = await deps.boot(dir);
  try {
    const head = service.head();
    if (head.size !== manifest.head.size || head.root !== manifest.head.root)
      throw mismatch(`the service on it answers with ${head.size} records and the root ${head.root}`);
    const { seq, uuid } = manifest.sentinel;
    let found = false;
    let newest: LedgerRecord | undefined;
    for await (const record of service.read(seq)) {
      if (record.type === 'drill.sentinel') {
        if (record.seq === seq && record.body.uuid === uuid) found = true;
        if (record.body.uuid === after.uuid)
          throw mismatch('it holds a record that was written after its cut, so it is not the backup');
      }
      newest = record;
    }
    if (!found) throw mismatch(`the service on it does not find the sentinel ${uuid} at record ${seq}`);
    if (newest === undefined || newest.seq !== head.size - 1)
      throw mismatch('the service on it does not find its last record');
    return newest;
  } finally {
    await service.close();
  }
}
