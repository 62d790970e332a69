import { expect, test } from 'vitest';
import { systemClock } from '../../../daemon/clock.ts';
import type { Finding } from '../../../daemon/ports/probes.ts';
import { complaints, expectFit, expectNoneLeft, openProbe } from '../../helpers/probing.ts';
import { SLOT_MS, SolanaCluster, base58, solanaNode } from '../../standins/chain/solana.ts';

async function world(options: Record<string, unknown> = {}) {
  const cluster = new SolanaCluster();
  const node = await solanaNode(cluster);
  const others = [await solanaNode(cluster), await solanaNode(cluster)] as const;
  let now: number | undefined;
  const prober = openProbe(
    'solana',
    { url: node.url, references: others.map(({ url }) => url), ...options },
    { clock: { ...systemClock, now: () => now ?? cluster.now() } },
  );
  return {
    cluster,
    node,
    others,
    at: (ms: number | undefined) => (now = ms),
    async look(ms = 10_000): Promise<Finding> {
      const finding = await prober.run(AbortSignal.timeout(ms));
      expectFit(finding);
      return finding;
    },
  };
}
const down = (why: RegExp) => ({ verdict: 'down', why: expect.stringMatching(why) });
const inconclusive = (why: RegExp) => ({ verdict: 'inconclusive', why: expect.stringMatching(why) });

test('a node at the finalised slot is up, with its figures; skipped slots do not disturb the comparison', async () => {
  const w = await world();
  for (let i = 0; i < 7; i++, w.cluster.slot++) {
    if (w.cluster.slot % 5 === 0) continue;
    expect(await w.look()).toMatchObject({
      verdict: 'up',
      figures: { head: w.cluster.slot, lag_slots: 0, references: 2, claims_sync: 1, epoch: 578 },
    });
  }
  expect(w.node.called).toContain('getBlock');
  for (const one of [w.node, ...w.others]) await expectNoneLeft(one.server);
});

test('the recorded lie: getHealth says ok, and it is eight days behind', async () => {
  const w = await world();
  w.node.behind = (8 * 86_400_000) / SLOT_MS;
  expect(await w.look()).toMatchObject(
    down(
      /^it is 1728000 slots behind the references, its head is 8\.0 days old, though it says that it is in sync$/,
    ),
  );
  // The other way round: it calls itself unhealthy and is not.
  w.node.behind = 0;
  w.node.health = 'behind';
  expect(await w.look()).toMatchObject({ verdict: 'up', figures: { claims_sync: 0 } });
});

test('another cluster, a fork, a delinquent validator', async () => {
  const other = base58('testnet');
  const w = await world();
  w.node.genesis = other;
  expect(await w.look()).toMatchObject(down(new RegExp(`it is on the chain ${other}, the references on`)));
  const pinned = await world({ genesis: other });
  expect(await pinned.look()).toMatchObject(down(/^it is on the cluster .*, not /));
  w.node.genesis = null;
  w.node.forkAt = w.cluster.slot - 200;
  expect(await w.look()).toMatchObject(down(/it follows a fork/));
  const vote = base58('vote');
  const validator = await world({ vote_account: vote });
  expect((await validator.look()).verdict).toBe('up');
  validator.node.delinquent = [vote];
  expect(await validator.look()).toMatchObject(down(new RegExp(`the validator ${vote} is delinquent`)));
});

test('references that fail or disagree make it inconclusive; the halt of everybody is halted', async () => {
  const w = await world();
  w.others[0].fault = '429';
  w.node.behind = 100_000;
  expect(await w.look()).toMatchObject(inconclusive(/only 1 of 2 references can be used: .* 429/));
  w.others[0].fault = 'ok';
  w.others[0].behind = 5000;
  expect(await w.look()).toMatchObject(inconclusive(/the references disagree about the newest slot/));
  w.others[0].behind = 0;
  w.node.behind = 0;
  w.at(w.cluster.now(3_600_000));
  expect(await w.look()).toMatchObject(inconclusive(/next run/));
  expect(await w.look()).toMatchObject({
    verdict: 'halted',
    why: expect.stringContaining('the chain makes no slots: the newest slot of all is 60 min old'),
  });
});

test('a node that answers badly is down', async () => {
  const w = await world();
  for (const fault of ['garbage', 'huge', 'error', 'shut'] as const) {
    w.node.fault = fault;
    expect((await w.look()).verdict).toBe('down');
  }
  w.node.fault = 'silent';
  expect(await w.look(400)).toMatchObject(down(/did not answer in time/));
  expect(
    complaints('solana', { url: 'http://a', references: ['http://b', 'http://c'], vote_account: '0OIl' }),
  ).toHaveLength(1);
});
