import { digestOf } from '../digest.ts';
import { configVersions, recordVersions, runbookVersion } from '../estate/index.ts';
import type { createMandates } from '../estate/index.ts';
import type { Runbooks } from '../ports/runbooks.ts';
import type { Store } from './store.ts';

/** What `settle` found. */
export interface Settled {
  /** Mandates that the first start accepted. */
  accepted: string[];
  /** Mandates that do not run before somebody has accepted them. */
  waiting: string[];
  /** How many valid runbooks there are. */
  runbooks: number;
}

interface Parts {
  store: Pick<Store, 'artifacts' | 'firstStart' | 'ledger' | 'state'>;
  runbooks: Runbooks;
  files(): Promise<ReadonlyMap<string, Uint8Array>>;
  mandates: ReturnType<typeof createMandates>;
}

/**
 * Once: new versions of runbooks are recorded, and the mandates that changed while the daemon was down. Each run and each
 * use of a mandate looks for itself, so only the first start, which accepts the mandates it finds, waits for it. Where each
 * file is a recorded version, nothing is parsed: that would take 60 ms and 10 MiB.
 */
export function settling({ store, runbooks, files, mandates }: Parts): {
  settle(): Promise<Settled>;
  stop(): Promise<unknown>;
} {
  let settled: Promise<Settled> | undefined;
  const work = async (): Promise<Settled> => {
    const valid = (await allRecorded()) ?? (await recordAll());
    const accepted = await mandates.start(store.firstStart);
    return { runbooks: valid, accepted, waiting: mandates.waiting() };
  };
  async function allRecorded(): Promise<number | undefined> {
    const known = new Map(configVersions(store.state).map((row) => [row.config_name, row.digest]));
    // What is wrong with the folder is said by who reads it in full.
    const now = await files().catch(() => undefined);
    const all =
      now !== undefined && [...now].every(([id, bytes]) => known.get(`runbook:${id}`) === digestOf(bytes));
    return all ? now.size : undefined;
  }
  async function recordAll(): Promise<number> {
    const valid = await runbooks.list();
    await recordVersions(store, valid.map(runbookVersion));
    return valid.length;
  }
  return {
    settle: () => (settled ??= work()),
    stop: () => settled?.catch(() => undefined) ?? Promise.resolve(),
  };
}
