import { isDeepStrictEqual } from 'node:util';
import { ReeveError } from '../../contracts/errors.ts';
import type { LedgerRecord } from '../../contracts/record.ts';
import { canonical } from '../../daemon/canonical.ts';
import { readWhole, writeAll } from '../../daemon/durable.ts';
import { addLeaf, leafHash, rootOf, toHex, type Peaks } from '../../daemon/ledger/merkle.ts';
import type { Fs } from '../../daemon/ports/fs.ts';
import type { Snapshot, Snapshots } from '../../daemon/ports/state.ts';
import { collect, counts, newSigner, openTest, stopped } from '../helpers/ledger.ts';
import { verifyLedger } from '../../daemon/ledger/index.ts';
import type { SimFs } from './simfs.ts';

export const DIR = '/home/ledger';
export const signer = newSigner('crash.example/ledger');

/** Snapshots with lowdb's manners: replaced by renaming, never synced. */
export function simSnapshots(fs: Fs): Snapshots {
  const path = '/home/state.json';
  return {
    async load() {
      try {
        const data = await readWhole(fs, path);
        return data === undefined ? undefined : (JSON.parse(data.toString('utf8')) as Snapshot);
      } catch {
        return undefined;
      }
    },
    async save(snapshot) {
      const tmp = `${path}.tmp`;
      await fs.unlink(tmp).catch(() => {});
      const file = await fs.open(tmp, 'wx');
      await writeAll(file, Buffer.from(JSON.stringify(snapshot)));
      await file.close();
      await fs.rename(tmp, path);
    },
  };
}

/** What the outside world was told. */
export interface Told {
  records: LedgerRecord[];
  heads: { size: number; root: string }[];
  notes: number[];
  refused: string[];
  /** The state of a process that lived to the end, beside what its own ledger then said. */
  mismatch: string | undefined;
}
export const told = (): Told => ({ records: [], heads: [], notes: [], refused: [], mismatch: undefined });

/** Opens, appends one by one and together, takes checkpoints and snapshots, seals segments, closes, opens again. */
export async function ledgerWorkload(fs: SimFs, log: Told): Promise<void> {
  for (const round of [0, 1]) {
    const opened = await openTest(DIR, signer, {
      fs,
      snapshots: simSnapshots(fs),
      segmentBytes: 900,
      fullCheckBytes: 0,
      snapshotEvery: 4,
    }).catch((error: unknown) => refused(log, error));
    if (opened === undefined) return;
    const { ledger, clock, state } = opened;
    const append = async (i: number): Promise<void> => {
      try {
        const { record, head } = await ledger.append(
          'daemon.stopped',
          stopped(`${round}/${i} ${'x'.repeat(i * 9)}`),
        );
        if (fs.isCrashed) return;
        log.records.push(record);
        log.heads.push({ size: head.size, root: head.root });
      } catch (error) {
        refused(log, error);
      }
    };
    for (let i = 0; i < 3; i++) await append(i);
    await Promise.all([3, 4, 5, 6].map(append));
    await clock.advance(1000);
    await ledger.checkpoint().then(
      (note) => fs.isCrashed || log.notes.push(Number(note.split('\n')[1])),
      (error: unknown) => refused(log, error),
    );
    for (let i = 7; i < 9; i++) await append(i);
    if (ledger.health().writable && !fs.isCrashed) {
      const replayed = (await collect(ledger.read(0)).catch(() => undefined))?.reduce(
        counts.apply,
        counts.initial(),
      );
      if (replayed !== undefined && !isDeepStrictEqual(replayed, state.get(counts)))
        log.mismatch ??= `round ${round}`;
    }
    await ledger.close().catch((error: unknown) => refused(log, error));
  }
}

function refused(log: Told, error: unknown): undefined {
  log.refused.push(error instanceof ReeveError ? error.code : String(error));
}

/** The invariants of DESIGN §3 on whatever a crash left. */
export async function checkLedger(fs: SimFs, log: Told): Promise<void> {
  must(log.mismatch === undefined, `live state is not what a replay gives (${log.mismatch})`);
  const { ledger, state } = await openTest(DIR, signer, {
    fs,
    snapshots: simSnapshots(fs),
    fullCheckBytes: 0,
  });
  const records = await collect(ledger.read(0));
  for (const acknowledged of log.records)
    must(
      isDeepStrictEqual(records[acknowledged.seq], acknowledged),
      `record ${acknowledged.seq} was acknowledged and is not there`,
    );
  let peaks: Peaks | null = null;
  const roots = [toHex(rootOf(null))];
  for (const record of records) {
    peaks = addLeaf(peaks, leafHash(canonical(record)));
    roots.push(toHex(rootOf(peaks)));
  }
  for (const head of log.heads) must(roots[head.size] === head.root, `the head at ${head.size} changed`);
  for (const size of log.notes)
    must(size <= records.length, `a checkpoint covers ${size} of ${records.length}`);
  must(ledger.head().root === roots.at(-1), 'the root does not verify');
  const replay = records.reduce((s, record) => counts.apply(s, record), counts.initial());
  must(isDeepStrictEqual(state.get(counts), replay), 'the folded state is not what a replay gives');
  await ledger.append('daemon.stopped', stopped('after the crash'));
  await ledger.close();

  const again = await openTest(DIR, signer, { fs, snapshots: simSnapshots(fs), fullCheckBytes: 0 });
  must(again.ledger.head().size === ledger.head().size, 'opening again changed the size');
  const whole = await openTest(DIR, signer, { fs });
  must(isDeepStrictEqual(whole.state.get(counts), again.state.get(counts)), 'snapshot and replay differ');
  await again.ledger.close();
  await whole.ledger.close();
  const { problems } = await verifyLedger(DIR, { fs });
  must(problems.length === 0, `it does not verify: ${JSON.stringify(problems)}`);
}

export function must(condition: boolean, why: string): void {
  if (!condition) throw new Error(why);
}
