import { expect, test } from 'vitest';
import { ReeveError, fail } from '../../contracts/errors.ts';
import { openLedger } from '../../daemon/ledger/index.ts';
import type { Ledger } from '../../daemon/ports/ledger.ts';
import type { Projection, StateView } from '../../daemon/ports/state.ts';
import { StateHost } from '../../daemon/state/host.ts';
import { ManualClock } from '../helpers/manual-clock.ts';
import { collect } from '../helpers/ledger.ts';
import { crashesAt, errorsAt, explore } from './explore.ts';
import type { SimFs } from './simfs.ts';
import { DIR, must, signer, simSnapshots } from './workload.ts';

const USES = 3;
const GID = `gr_${'5'.repeat(24)}`;

/** Uses by grant: the least a door needs to count. */
const uses: Projection<Record<string, { of: number; used: number }>> = {
  name: 'uses',
  version: 1,
  initial: () => ({}),
  apply(state, record) {
    if (record.type === 'grant.issued')
      state[record.body.grant.gid] = { of: record.body.grant.uses, used: 0 };
    const grant = record.type === 'grant.used' ? state[record.body.gid] : undefined;
    if (grant !== undefined) grant.used += 1;
    return state;
  },
};

const grant = {
  v: 1 as const,
  gid: GID,
  kid: `key_${'0'.repeat(16)}`,
  iss: 'ada',
  sub: 'person:ada',
  aud: signer.origin,
  prj: ['shop'],
  cap: ['deploy:staging'],
  ...{ iat: 1, nbf: 1, exp: 2, uses: USES, cls: 'std' as const, par: null, rsn: '', apr: [], crit: [] },
};

async function open(fs: SimFs): Promise<{ ledger: Ledger; state: StateView }> {
  const state = new StateHost([uses]);
  const snapshots = simSnapshots(fs);
  const rest = { dir: DIR, fs, signer, snapshots, snapshotEvery: 3, fullCheckBytes: 0, segmentBytes: 1500 };
  return {
    ledger: await openLedger({ ...rest, clock: new ManualClock(), fold: state, version: 'test' }),
    state,
  };
}

/** Use, made durable, then act: `acts` is what the world saw. */
async function use(
  { ledger, state }: Awaited<ReturnType<typeof open>>,
  fs: SimFs,
  acts: string[],
): Promise<void> {
  const n = (state.get(uses)[GID]?.used ?? 0) + 1;
  const body = {
    gid: GID,
    n,
    by: 'person:ada',
    cap: 'deploy:staging',
    project: 'shop',
    plan: `sha256:${'0'.repeat(64)}`,
  };
  const guard = (): void => {
    const known = state.get(uses)[GID];
    if (known === undefined || known.used >= known.of) throw fail('GRANT_USED_UP', { gid: GID, uses: USES });
  };
  try {
    await ledger.append('grant.used', body, { guard });
    if (!fs.isCrashed) acts.push('act');
  } catch (error) {
    if (!(error instanceof ReeveError)) throw error;
  }
}

const exploration = {
  log: (): string[] => [],
  async workload(fs: SimFs, acts: string[]) {
    for (let start = 0; start < 2; start++) {
      const opened = await open(fs).catch(() => undefined);
      if (opened === undefined) return;
      if (opened.state.get(uses)[GID] === undefined)
        await opened.ledger.append('grant.issued', { grant, how: 'created' }).catch(() => {});
      await Promise.all(Array.from({ length: 2 }, () => use(opened, fs, acts)));
      await opened.ledger.close().catch(() => {});
    }
  },
  async check(fs: SimFs, acts: string[]) {
    const opened = await open(fs);
    // A greedy caller after the crash: whatever it gets comes on top of what was done before.
    for (let i = 0; i < USES + 2; i++) await use(opened, fs, acts);
    must(acts.length <= USES, `the grant was used ${acts.length} times of ${USES}`);
    const recorded = (await collect(opened.ledger.read(0))).filter((r) => r.type === 'grant.used').length;
    must(recorded <= USES, `${recorded} uses are recorded`);
    must(recorded >= acts.length, `${acts.length} acts, ${recorded} recorded uses`);
    await opened.ledger.close();
  },
};

test('whatever crashes or fails at whichever operation, a grant is never used more often than its uses', async () => {
  const breaks = (at: number) => [...crashesAt(at), ...errorsAt(at, ['EIO', 'ENOSPC', 'EMFILE'])];
  expect(await explore(exploration, breaks, 3)).toBeGreaterThan(500);
}, 120_000);
