import { expect, test } from 'vitest';
import { systemClock } from '../../../daemon/clock.ts';
import type { Prober } from '../../../daemon/ports/probe-kinds.ts';
import type { Finding } from '../../../daemon/ports/probes.ts';
import { complaints, expectFit, expectNoneLeft, openProbe } from '../../helpers/probing.ts';
import { BLOCK_MS, EvmChain, evmNode, type EvmNode } from '../../standins/chain/evm.ts';

const DAY = 86_400_000;

/** A node, two references, and a probe that looks at them on the chain's time. */
async function world(options: Record<string, unknown> = {}, references = 2) {
  const chain = new EvmChain();
  const node = await evmNode(chain);
  const others: EvmNode[] = [];
  for (let i = 0; i < references; i++) others.push(await evmNode(chain));
  let now: number | undefined;
  const prober: Prober = openProbe(
    'evm',
    { url: node.url, chain_id: 1, references: others.map(({ url }) => url), ...options },
    {
      clock: { ...systemClock, now: () => now ?? chain.now() },
      secrets: { rpc: `${node.url}/v3/s3cret-key` },
    },
  );
  return {
    chain,
    node,
    others,
    /** Stops the wall clock there. */
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

test('a node at the head, on the chain of the references, is up, with its figures', async () => {
  const w = await world();
  w.node.behind = 1;
  expect(await w.look()).toEqual({
    verdict: 'up',
    why: '',
    ms: expect.any(Number),
    figures: {
      head: w.chain.head - 1,
      head_age_ms: BLOCK_MS + 5000,
      lag_blocks: 1,
      references: 2,
      peers: 25,
      claims_sync: 1,
    },
  });
  for (const one of [w.node, ...w.others]) await expectNoneLeft(one.server);
});

test('the recorded lie: eth_syncing says false, and it is eight days behind', async () => {
  const w = await world();
  w.node.behind = (8 * DAY) / BLOCK_MS;
  expect(await w.look()).toMatchObject(
    down(
      /^it is 57600 blocks behind the references, its head is 8\.0 days old, though it says that it is in sync$/,
    ),
  );
  w.node.syncing = { currentBlock: '0x1', highestBlock: '0x2' };
  expect(await w.look()).toMatchObject({ verdict: 'down', figures: { claims_sync: 0, lag_blocks: 57_600 } });
});

test('a stuck head: down by lag, and before that when the references go on without it', async () => {
  const w = await world({ max_lag: 1000, max_age: '10m' });
  expect((await w.look()).verdict).toBe('up');
  for (let i = 1; i <= 49; i++) {
    w.chain.head++;
    w.node.behind++;
  }
  expect((await w.look()).verdict).toBe('up');
  w.chain.head++;
  w.node.behind++;
  expect(await w.look()).toMatchObject(down(/its head is 10 min old, the references' 5 s/));
  // Its timestamps are new, but it never moves.
  const still = await world({ max_lag: 1000, max_age: '1m' });
  expect((await still.look()).verdict).toBe('up');
  still.chain.head += 8;
  still.node.behind = 8;
  still.node.younger = 8 * BLOCK_MS;
  expect(await still.look()).toMatchObject(
    down(/^its head has stood for 96 s while the references went on, though it says that it is in sync$/),
  );
});

test('the wrong chain, a fork, and two heads at once', async () => {
  const w = await world();
  w.node.chainId = 11_155_111;
  expect(await w.look()).toMatchObject(down(/^it is on the chain 11155111, not 1$/));
  w.node.chainId = 1;
  w.node.forkAt = w.chain.head - 100;
  expect(await w.look()).toMatchObject(down(/it follows a fork, though it says that it is in sync/));
  // A short reorganisation is no fork.
  w.node.forkAt = w.chain.head - 3;
  expect((await w.look()).verdict).toBe('up');
  w.node.forkAt = null;
  w.node.blockNumber = w.chain.head + 5000;
  expect(await w.look()).toMatchObject(down(/eth_blockNumber says \d+, but its newest block is \d+/));
});

test('no peers is degraded; a provider that does not tell is not blamed; nor one that is a little behind', async () => {
  const w = await world({ warn_lag: 3 });
  w.node.peers = 0;
  expect(await w.look()).toMatchObject({ verdict: 'degraded', why: 'it has 0 peers, not 1' });
  w.node.peers = null;
  expect((await w.look()).verdict).toBe('up');
  w.node.behind = 5;
  expect(await w.look()).toMatchObject({ verdict: 'degraded', why: 'it is 5 blocks behind the references' });
});

test('references that do not answer, or disagree, make it inconclusive, never down', async () => {
  const w = await world();
  w.node.behind = 50_000;
  for (const fault of ['429', '403', 'garbage', 'html', 'error', 'shut', 'huge', 'redirect'] as const) {
    w.others[0]!.fault = fault;
    expect(await w.look()).toMatchObject(
      inconclusive(/^only 1 of 2 references can be used: 127\.0\.0\.1:\d+: /),
    );
  }
  w.others[0]!.fault = 'silent';
  expect(await w.look(400)).toMatchObject(inconclusive(/did not answer in time/));
  w.others[0]!.fault = 'ok';
  w.others[0]!.behind = 9000;
  expect(await w.look()).toMatchObject(
    inconclusive(/^the references disagree about the newest block: .* at 1000000/),
  );
  w.others[0]!.behind = 0;
  w.node.behind = 0;
  w.others[1]!.forkAt = 1;
  // Which of the two is on the fork cannot be told.
  expect((await w.look()).verdict).toBe('up');
});

test('a reference on another chain is not used; with a third one, a stuck one is outvoted', async () => {
  const w = await world({}, 3);
  w.others[0]!.behind = 40_000;
  expect((await w.look()).verdict).toBe('up');
  w.node.behind = 40_000;
  expect(await w.look()).toMatchObject(down(/40000 blocks behind/));
  const elsewhere = await world();
  elsewhere.others[0]!.chainId = 5;
  expect(await elsewhere.look()).toMatchObject(inconclusive(/it is on another chain \(5\)/));
});

test('the whole chain stands still: halted, but not at the first look, and not when our clock is wrong', async () => {
  const w = await world({ max_age: '3m' });
  w.at(w.chain.now(20 * 60_000));
  expect(await w.look()).toMatchObject(inconclusive(/the next run will tell/));
  expect(await w.look()).toMatchObject({
    verdict: 'halted',
    why: 'the chain makes no blocks: the newest block of all is 20 min old, here and at 2 references',
  });
  // It goes on, and everything seems twenty minutes old: that is our clock.
  w.chain.head += 2;
  w.at(w.chain.now(20 * 60_000));
  expect(await w.look()).toMatchObject(inconclusive(/is this machine's clock right/));
  w.at(undefined);
  expect((await w.look()).verdict).toBe('up');
  // A node that is behind when the chain halts is to blame for that all the same.
  w.node.behind = 500;
  w.at(w.chain.now(60 * 60_000));
  expect(await w.look()).toMatchObject(down(/500 blocks behind/));
  w.at(w.chain.now(-10 * 60_000));
  w.node.behind = 0;
  expect(await w.look()).toMatchObject(inconclusive(/in the future: is this machine's clock right/));
});

test('references that are stuck do not make a healthy node halted or down', async () => {
  const w = await world();
  for (const one of w.others) one.behind = 5000;
  await w.look();
  w.chain.head += 10;
  for (const one of w.others) one.behind += 10;
  expect(await w.look()).toMatchObject(inconclusive(/5010 blocks ahead of the references/));
});

test('a node that answers badly is down with the reason; one that asks for less is degraded', async () => {
  const w = await world();
  for (const [fault, why] of [
    ['403', /answers with status 403/],
    ['garbage', /no JSON-RPC/],
    ['html', /no JSON-RPC/],
    ['huge', /what makes no sense/],
    ['error', /header not found \(-32000\)/],
    ['endless', /more than 4194304 bytes|does not answer/],
    ['shut', /does not answer \(ECONNRESET\)/],
  ] as const) {
    w.node.fault = fault;
    expect(await w.look()).toMatchObject(down(why));
    await expectNoneLeft(w.node.server);
  }
  w.node.fault = '429';
  expect(await w.look()).toMatchObject({
    verdict: 'degraded',
    why: expect.stringContaining('429 Too Many Requests'),
  });
  w.node.fault = 'silent';
  expect(await w.look(400)).toMatchObject(down(/did not answer in time/));
  await expectNoneLeft(w.node.server);
});

test('heads in the future: a node is down by it, a reference is not used, and all of them blame our clock', async () => {
  const w = await world({}, 3);
  w.node.younger = DAY;
  expect(await w.look()).toMatchObject(down(/^its head is 24\.0 h in the future, the references' is not/));
  w.node.younger = 0;
  const [liar, second] = w.others;
  for (const one of [liar, second]) Object.assign(one ?? {}, { younger: DAY, behind: -100 });
  // Two that agree on what cannot be, against one that does not.
  expect(await w.look()).toMatchObject(
    inconclusive(/only 1 of 3 references .* newest block is in the future/),
  );
  Object.assign(second ?? {}, { younger: 0, behind: 0 });
  expect((await w.look()).verdict).toBe('up');
  for (const one of [w.node, ...w.others]) Object.assign(one, { younger: DAY, behind: 0 });
  expect(await w.look()).toMatchObject(inconclusive(/in the future: is this machine's clock right\?$/));
});

test('two references that agree on a head far ahead do not outvote three that stand by the node', async () => {
  const w = await world({}, 5);
  for (const one of w.others.slice(0, 2)) Object.assign(one, { behind: -1000, younger: -1000 * BLOCK_MS });
  expect(await w.look()).toMatchObject(inconclusive(/the references disagree about the newest block/));
});

test('a reference that is the node itself, or another reference, proves nothing', async () => {
  const w = await world();
  const references = [{ secret: 'again' }, w.others[0]?.url ?? ''];
  const prober = openProbe(
    'evm',
    { url: w.node.url, chain_id: 1, references },
    {
      clock: { ...systemClock, now: () => w.chain.now() },
      secrets: { again: w.node.url.replace('http://', 'HTTP://') },
    },
  );
  expect(await prober.run(AbortSignal.timeout(10_000))).toMatchObject(
    inconclusive(/only 1 of 2 references can be used: \(secret again\): it is the node itself/),
  );
  expect(
    complaints('evm', {
      url: 'http://node.example:80/',
      chain_id: 1,
      references: ['http://NODE.example', 'http://b.example'],
    }),
  ).toEqual(['references: the same address twice proves nothing']);
});

test('an answer to another question is none', async () => {
  const w = await world();
  w.node.fault = 'swapped';
  expect(await w.look()).toMatchObject(down(/it answers eth_\w+ with the answer to another question$/));
});

test('a secret address stands in no finding', async () => {
  const w = await world({ url: { secret: 'rpc' } });
  expect((await w.look()).verdict).toBe('up');
  w.node.fault = '403';
  const finding = await w.look();
  expect(finding).toMatchObject(down(/^\(secret rpc\): it answers with status 403/));
  expect(JSON.stringify(finding)).not.toContain('s3cret-key');
  w.node.fault = 'echo';
  const echoed = await w.look();
  expect(echoed).toMatchObject(down(/no such key/));
  expect(JSON.stringify(echoed)).not.toContain('s3cret-key');
  for (const value of ['s3cret-key', 'ftp://s3cret-key', 'http://u:s3cret-key@a.example']) {
    const secrets = { rpc: value };
    const prober = openProbe(
      'evm',
      { url: { secret: 'rpc' }, chain_id: 1, references: w.others.map((o) => o.url) },
      { secrets },
    );
    const wrong = await prober.run(AbortSignal.timeout(5000));
    expect(wrong).toMatchObject(inconclusive(/the secret rpc is no address/));
    expect(JSON.stringify(wrong)).not.toContain('s3cret-key');
  }
});

test('attack 48: refused addresses are not asked, and a redirect is not followed', async () => {
  const w = await world();
  const target = await evmNode(w.chain);
  w.node.fault = 'redirect';
  w.node.target = target.url;
  expect(await w.look()).toMatchObject(down(/status 307/));
  expect(target.called).toEqual([]);
  for (const url of ['http://169.254.169.254', 'http://[::ffff:169.254.169.254]', 'http://2852039166']) {
    const prober = openProbe('evm', { url, chain_id: 1, references: [w.node.url, target.url] });
    expect(await prober.run(AbortSignal.timeout(5000))).toMatchObject(inconclusive(/ADDRESS_REFUSED/));
  }
});

test('mistakes in its part of reeve.yaml', () => {
  const good = { url: 'http://a.example', chain_id: 1, references: ['http://b.example', 'http://c.example'] };
  expect(complaints('evm', good)).toEqual([]);
  for (const wrong of [
    { ...good, references: ['http://b.example'] },
    { ...good, references: ['http://a.example', 'http://b.example'] },
    { ...good, url: 'ws://a.example' },
    { ...good, url: 'http://u:p@a.example' },
    { ...good, warn_lag: 20 },
    { ...good, chain_id: 0 },
  ])
    expect(complaints('evm', wrong)).toHaveLength(1);
});
