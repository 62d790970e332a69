import { createServer, type AddressInfo, type Server } from 'node:net';
import fc from 'fast-check';
import { describe, expect, onTestFinished, test } from 'vitest';
import { MaintenanceSpec } from '../../contracts/estate/probes.ts';
import { systemClock } from '../../daemon/clock.ts';
import { nodeFs } from '../../daemon/fs.ts';
import { causeOf, closureOf, cyclesIn } from '../../daemon/probes/dependencies.ts';
import { LoopLag } from '../../daemon/probes/loop-lag.ts';
import { readWindow, windowOf } from '../../daemon/probes/maintenance.ts';
import { Memos } from '../../daemon/probes/memos.ts';
import { openTokens } from '../../daemon/probes/tokens.ts';
import { parseTarget, Uplink } from '../../daemon/probes/uplink.ts';
import { random } from '../../daemon/random.ts';
import { tempDir } from '../helpers/ledger.ts';
import { ManualClock } from '../helpers/manual-clock.ts';

const graphOf = (edges: Record<string, string[]>) =>
  Object.fromEntries(Object.entries(edges).map(([name, depends_on]) => [name, { depends_on }]));

describe('dependencies', () => {
  const graph = graphOf({
    shop: ['web', 'db'],
    web: ['gateway'],
    db: ['gateway'],
    gateway: ['uplink'],
    uplink: [],
  });

  test('everything a probe rests on, nearest first', () => {
    expect(closureOf(graph, 'shop')).toEqual(['web', 'db', 'gateway', 'uplink']);
    expect(closureOf(graph, 'uplink')).toEqual([]);
    expect(closureOf(graph, 'nobody')).toEqual([]);
  });

  test('the cause is the failed one that rests on no failed one', () => {
    const cause = (...bad: string[]) => causeOf(graph, 'shop', (name) => bad.includes(name));
    expect(cause()).toBeNull();
    expect(cause('db')).toBe('db');
    expect(cause('web', 'db', 'gateway')).toBe('gateway');
    expect(cause('web', 'uplink')).toBe('uplink');
  });

  test('cycles are found, and walking one ends', () => {
    const ring = graphOf({ a: ['b'], b: ['c'], c: ['a'], d: ['a'], e: ['e'] });
    expect(cyclesIn(ring)).toEqual([
      ['a', 'b', 'c', 'a'],
      ['e', 'e'],
    ]);
    expect(closureOf(ring, 'a')).toEqual(['b', 'c']);
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.integer({ min: 0, max: 7 }), fc.integer({ min: 0, max: 7 }))),
        (pairs) => {
          // Edges to smaller numbers alone make no cycle.
          const edges = Array.from({ length: 8 }, (_, n) =>
            pairs.filter(([a, b]) => a === n && b < n).map(([, b]) => `p${b}`),
          );
          expect(cyclesIn(graphOf(Object.fromEntries(edges.map((to, n) => [`p${n}`, to]))))).toEqual([]);
        },
      ),
    );
  });
});

const window = (spec: object, name = 'w') => readWindow(name, MaintenanceSpec.parse(spec));
const at = (text: string): number => Date.parse(text);

describe('maintenance windows', () => {
  test('a single one is in local time, its end not included', async () => {
    const w = await window({
      timezone: 'Europe/Berlin',
      from: '2026-12-01T22:00',
      until: '2026-12-02T02:00',
    });
    expect(w.covers(at('2026-12-01T20:59:59Z'))).toBe(false);
    expect(w.covers(at('2026-12-01T21:00:00Z'))).toBe(true);
    expect(w.covers(at('2026-12-02T00:59:59Z'))).toBe(true);
    expect(w.covers(at('2026-12-02T01:00:00Z'))).toBe(false);
  });

  test('a recurring one lasts its elapsed time once a day, also when the clock is put on or back', async () => {
    const w = await window({ timezone: 'Europe/Berlin', cron: '30 2 * * *', duration: '1h' });
    for (const [from, until] of [
      ['2026-03-28T01:30:00Z', '2026-03-28T02:30:00Z'],
      // 2:30 does not exist: it begins when the gap ends.
      ['2026-03-29T01:00:00Z', '2026-03-29T02:00:00Z'],
      // 2:30 exists twice: the first counts.
      ['2026-10-25T00:30:00Z', '2026-10-25T01:30:00Z'],
    ] as const) {
      expect([w.covers(at(from) - 1000), w.covers(at(from))], from).toEqual([false, true]);
      expect([w.covers(at(until) - 1000), w.covers(at(until))], until).toEqual([true, false]);
    }
    // Asked in any order it says the same.
    expect(w.covers(at('2026-03-28T01:30:00Z'))).toBe(true);
  });

  test('one that is longer than its period never ends', async () => {
    const w = await window({ cron: '0 * * * *', duration: '2h' });
    expect(w.covers(at('2026-05-05T05:59:59Z'))).toBe(true);
  });

  test('it concerns the probes, or those of the projects, or all; the first of the estate counts', async () => {
    const always = { cron: '* * * * *', duration: '1h' };
    const windows = await Promise.all([
      window({ ...always, probes: ['web'] }, 'one'),
      window({ ...always, projects: ['shop'] }, 'two'),
      window(always, 'three'),
    ]);
    const now = at('2026-05-05T05:00:00Z');
    expect(windowOf(windows, 'web', { project: 'shop' }, now)).toBe('one');
    expect(windowOf(windows, 'db', { project: 'shop' }, now)).toBe('two');
    expect(windowOf(windows, 'db', { project: 'other' }, now)).toBe('three');
    expect(windowOf([], 'db', { project: 'other' }, now)).toBeNull();
  });

  test.each([
    [{ from: '2026-02-31T10:00', until: '2026-12-01T10:00' }, 'there is no 2026-02-31T10:00'],
    [{ from: 'tomorrow', until: '2026-12-01T10:00' }, 'no local time'],
    [{ from: '2026-12-02T10:00', until: '2026-12-01T10:00' }, 'not after'],
    [{ from: '2026-12-02T10:00' }, '`until`'],
    [{ cron: '0 4 * * *' }, '`duration`'],
    [{ cron: '0 0 30 2 *', duration: '1h' }, 'never due'],
    [{ cron: 'often', duration: '1h' }, ''],
  ])('%j cannot be read', async (spec, why) => {
    await expect(window(spec)).rejects.toThrow(why);
  });
});

describe('our own trouble', () => {
  test('a process that stood still knows it, and for how long', async () => {
    const clock = new ManualClock();
    const lag = new LoopLag(clock);
    lag.begin();
    await clock.advance(1000);
    expect(lag.since(0)).toBeLessThanOrEqual(0);
    clock.block(800);
    // Not even the look has had its turn.
    expect(lag.since(900)).toBeGreaterThanOrEqual(700);
    await clock.advance(100);
    expect(lag.since(900)).toBeGreaterThanOrEqual(700);
    const later = clock.monotonic();
    await clock.advance(500);
    expect(lag.since(later)).toBeLessThanOrEqual(0);
    lag.end();
    await clock.advance(500);
    expect(clock.pending).toBe(0);
    clock.block(10_000);
    lag.begin();
    expect(lag.since(clock.monotonic())).toBeLessThanOrEqual(0);
  });

  test('a machine that slept during a run counts as a process that stood still', async () => {
    const clock = new ManualClock();
    const lag = new LoopLag(clock);
    lag.begin();
    clock.suspend(60_000);
    await clock.advance(200);
    expect(lag.since(0)).toBeGreaterThanOrEqual(59_000);
  });

  async function listen(): Promise<{ server: Server; port: number; seen: () => number }> {
    let seen = 0;
    const server = createServer((socket) => {
      seen += 1;
      socket.on('error', () => undefined);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void server.close());
    return { server, port: (server.address() as AddressInfo).port, seen: () => seen };
  }

  test('one place that answers proves the uplink; one look serves many probes', async () => {
    const { port, seen } = await listen();
    const changes: boolean[] = [];
    const uplink = new Uplink({
      clock: systemClock,
      targets: () => ['127.0.0.1:1', `127.0.0.1:${port}`],
      allowed: () => [],
      changed: (works) => changes.push(works),
    });
    const from = systemClock.monotonic();
    const answers = await Promise.all(Array.from({ length: 200 }, () => uplink.works(from)));
    expect(answers.every(Boolean)).toBe(true);
    expect(seen()).toBe(1);
    expect(changes).toEqual([]);
  });

  test('when none answers the uplink is down, and it is told once each way', async () => {
    const { port, server } = await listen();
    server.close();
    const changes: boolean[] = [];
    let targets = [`127.0.0.1:${port}`, 'nowhere.invalid:443', 'no target'];
    const uplink = new Uplink({
      clock: systemClock,
      targets: () => targets,
      allowed: () => [],
      changed: (works) => changes.push(works),
    });
    expect(await uplink.works(systemClock.monotonic())).toBe(false);
    expect(await uplink.works(systemClock.monotonic() + 5000)).toBe(false);
    targets = [`127.0.0.1:${(await listen()).port}`];
    expect(await uplink.works(systemClock.monotonic() + 10_000)).toBe(true);
    expect(changes).toEqual([false, true]);
    targets = [];
    expect(await uplink.works(systemClock.monotonic())).toBe(true);
  });

  test('host:port', () => {
    expect(parseTarget('1.1.1.1:443')).toEqual({ host: '1.1.1.1', port: 443 });
    expect(parseTarget('[::1]:53')).toEqual({ host: '[::1]', port: 53 });
    for (const bad of ['1.1.1.1', 'a:0', 'a:70000', 'http://a:1', ':1', 'a b:1'])
      expect(parseTarget(bad), bad).toBeUndefined();
  });
});

test('a memo outlives its probe; a damaged one is none', async () => {
  const dir = await tempDir();
  const memos = new Memos(nodeFs, `${dir}/memos`);
  const memo = memos.of('backup', 'heartbeat');
  expect(await memo.load()).toBeUndefined();
  await Promise.all([memo.save({ at: 1 }), memo.save({ at: 2 })]);
  expect(await new Memos(nodeFs, `${dir}/memos`).of('backup', 'heartbeat').load()).toEqual({ at: 2 });
  await expect(memo.save('x'.repeat(5000))).rejects.toThrow('4096');
  await memos.forget('backup', 'heartbeat');
  expect(await memo.load()).toBeUndefined();
});

test('a push token belongs to one probe and one home, and stays the same', async () => {
  const dir = await tempDir();
  const tokens = await openTokens(nodeFs, `${dir}/key`, random);
  const again = await openTokens(nodeFs, `${dir}/key`, random);
  const other = await openTokens(nodeFs, `${dir}/other`, random);
  const token = tokens.of('backup');
  expect(token).toMatch(/^[\w-]{22}$/);
  expect(again.of('backup')).toBe(token);
  expect(other.of('backup')).not.toBe(token);
  expect(tokens.find(token, ['web', 'backup'])).toBe('backup');
  expect(tokens.find(token, ['web'])).toBeUndefined();
  expect(tokens.find('', ['web'])).toBeUndefined();
});
