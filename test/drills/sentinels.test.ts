import { mkdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect, onTestFinished, test } from 'vitest';
import { fail } from '../../contracts/errors.ts';
import { EstateConfig } from '../../contracts/estate.ts';
import type { SentinelSpec } from '../../contracts/estate/drills.ts';
import { checkSentinels } from '../../daemon/drills/check.ts';
import { keepSentinels } from '../../daemon/drills/sentinels/keeper.ts';
import { sentinelMemory } from '../../daemon/drills/sentinels/memory.ts';
import { systemClock } from '../../daemon/clock.ts';
import { nodeFs } from '../../daemon/fs.ts';
import { tempDir } from '../helpers/ledger.ts';
import { ManualClock } from '../helpers/manual-clock.ts';
import { startPostgres } from './live-postgres.ts';
import { lacksPostgres } from '../helpers/needs.ts';

const noPostgres = lacksPostgres();

const uuid = (n: number): string => `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`;

/** A keeper over these sentinels on a clock that the test moves. */
async function keep(
  specs: Record<string, SentinelSpec>,
  secret = async (_name: string) => '',
  accepted = async (_name: string): Promise<void> => {},
) {
  const dir = await tempDir();
  const root = join(dir, 'estate');
  await mkdir(join(root, 'data'), { recursive: true });
  const clock = new ManualClock();
  const memory = sentinelMemory({ fs: nodeFs, dir: join(dir, 'home'), specs: () => specs });
  const told: string[] = [];
  const alerts: string[] = [];
  const keeper = keepSentinels({
    accepted,
    trouble: async (name, why, refused) =>
      void alerts.push(`${name} ${refused ? 'is refused' : 'fails'}: ${why}`),
    over: async (name, why) => void alerts.push(`${name}: ${why}`),
    fs: nodeFs,
    clock,
    memory,
    specs: () => specs,
    root: () => root,
    secret,
    tell: (level, message) => told.push(`${level}: ${message}`),
  });
  onTestFinished(() => keeper.stop());
  const settled = async (holds: () => boolean): Promise<void> => {
    while (!holds()) await new Promise((resolve) => setImmediate(resolve));
  };
  return { dir, root, clock, memory, told, alerts, keeper, specs, settled };
}

test('a mark is written at once and in its interval; the file holds the newest, the memory all of them', async () => {
  const t = await keep({ shop: { kind: 'files', folder: 'data', every: 60_000 } });
  const file = join(t.root, 'data', '.reeve-sentinel-shop');
  const seen: { uuid: string; at: number }[] = [];
  for (let i = 0; i < 3; i++) {
    const before = seen.at(-1)?.at ?? -1;
    await t.settled(() => (t.keeper.states()[0]?.written ?? -1) > before);
    const { sentinel, ...mark } = JSON.parse(await readFile(file, 'utf8')) as (typeof seen)[0] & {
      sentinel: string;
    };
    expect([sentinel, mark]).toEqual(['shop', await t.memory.newest('shop')]);
    seen.push(mark);
    await t.settled(() => t.clock.now() >= 0);
    await new Promise((resolve) => setImmediate(resolve));
    await t.clock.advance(60_000);
  }
  expect(seen.map(({ at }) => at - (seen[0]?.at ?? 0))).toEqual([0, 60_000, 120_000]);
  for (const mark of seen) expect(await t.memory.known('shop', mark)).toBe('yes');
  expect(await t.memory.known('shop', { uuid: uuid(1), at: seen[1]?.at ?? 0 })).toBe('no');
  expect(await t.memory.known('shop', { uuid: seen[1]?.uuid ?? '', at: 1 })).toBe('no');
});

test('what cannot be written is told once, tried again, and told once when it can; nothing is made where nothing was', async () => {
  const t = await keep({ gone: { kind: 'files', folder: 'not-mounted', every: 5000 } });
  await t.settled(() => t.keeper.states()[0]?.problem !== undefined);
  // One miss is no news, three in a row are, and further ones are the same news.
  await t.clock.advance(5000);
  expect(t.alerts).toEqual([]);
  await t.settled(() => {
    void t.clock.advance(1000);
    return t.alerts.length > 0;
  });
  for (let i = 0; i < 3; i++) await t.clock.advance(5000);
  expect(t.alerts).toEqual([expect.stringMatching(/^gone fails: .*ENOENT/)]);
  expect(t.told).toEqual([expect.stringMatching(/^warn: The sentinel gone could not be written: .*ENOENT/)]);
  await expect(stat(join(t.root, 'not-mounted'))).rejects.toThrow('ENOENT');
  await mkdir(join(t.root, 'not-mounted'));
  while (t.keeper.states()[0]?.written === null) {
    await new Promise((resolve) => setImmediate(resolve));
    await t.clock.advance(5000);
  }
  expect(t.told).toEqual([expect.any(String), 'info: a sentinel is written again']);
  expect(t.keeper.states()).toEqual([{ sentinel: 'gone', kind: 'files', written: expect.any(Number) }]);
  await t.settled(() => t.alerts.length > 1);
  expect(t.alerts[1]).toBe('gone: it is written again');
});

test('nothing is written, nor remembered, before somebody has accepted it; that is told at once', async () => {
  let wanted = true;
  const t = await keep(
    { shop: { kind: 'files', folder: 'data', every: 3_600_000 } },
    async () => '',
    async () => {
      if (wanted) throw fail('MANDATE_SUSPENDED', { mandate: 'sentinel:shop', why: 'nobody has' });
    },
  );
  await t.settled(() => t.alerts.length > 0);
  expect(t.alerts).toEqual([expect.stringMatching(/^shop is refused: .*nobody has/)]);
  await expect(stat(join(t.root, 'data', '.reeve-sentinel-shop'))).rejects.toThrow('ENOENT');
  expect(await t.memory.newest('shop')).toBeNull();
  wanted = false;
  // Not only after its hour.
  await t.clock.advance(60_000);
  await t.settled(() => t.alerts.length > 1);
  expect(t.keeper.states()[0]).toEqual({ sentinel: 'shop', kind: 'files', written: expect.any(Number) });
  expect(t.alerts[1]).toBe('shop: it is written again');
});

test('a changed reeve.yaml begins, changes and ends sentinels', async () => {
  const t = await keep({ a: { kind: 'files', folder: 'data', every: 5000 } });
  await t.settled(() => t.keeper.states()[0]?.written !== null);
  t.specs['b'] = { kind: 'files', folder: 'data', every: 5000 };
  delete t.specs['a'];
  t.keeper.reload();
  await t.settled(() =>
    t.keeper.states().some(({ sentinel, written }) => sentinel === 'b' && written !== null),
  );
  expect(t.keeper.states().map(({ sentinel }) => sentinel)).toEqual(['b']);
});

test('SQLite: a row of its own in a table that is made; a database that is not there is not made, a locked one is waited for', async () => {
  const t = await keep({ db: { kind: 'sqlite', file: 'data/app.db', table: 'reeve_sentinel', every: 5000 } });
  await t.settled(() => t.keeper.states()[0]?.problem !== undefined);
  await expect(stat(join(t.root, 'data/app.db'))).rejects.toThrow('ENOENT');
  const db = new DatabaseSync(join(t.root, 'data/app.db'));
  onTestFinished(() => db.close());
  db.exec('CREATE TABLE other (x); BEGIN IMMEDIATE; INSERT INTO other VALUES (1)');
  for (let i = 0; i < 20; i++) {
    await new Promise((resolve) => setImmediate(resolve));
    await t.clock.advance(100);
  }
  expect(t.keeper.states()[0]?.written).toBeNull();
  db.exec('COMMIT');
  while (t.keeper.states()[0]?.written === null) {
    await new Promise((resolve) => setImmediate(resolve));
    await t.clock.advance(1000);
  }
  const rows = db.prepare('SELECT sentinel, uuid, at FROM reeve_sentinel').all();
  expect(rows.map((row) => ({ ...row }))).toEqual([{ sentinel: 'db', ...(await t.memory.newest('db')) }]);
});

test.skipIf(noPostgres)(
  'PostgreSQL: one row, replaced each time, by a user who needs no more than that table',
  async () => {
    const server = await startPostgres();
    const t = await keep(
      { pg: { kind: 'postgres', secret: 'url', table: 'reeve_sentinel', every: 5000 } },
      async () => server.url('postgres'),
    );
    const first = -1;
    await t.settled(() => (t.keeper.states()[0]?.written ?? first) > first);
    const before = t.keeper.states()[0]?.written ?? 0;
    while ((t.keeper.states()[0]?.written ?? 0) <= before) {
      await t.clock.advance(5000);
      // A write that took ten of the test's own seconds would be given up.
      await systemClock.sleep(50);
    }
    await t.keeper.stop();
    const newest = await t.memory.newest('pg');
    expect(await server.sql('postgres', 'SELECT uuid, at::text FROM reeve_sentinel')).toEqual([
      { uuid: newest?.uuid, at: String(newest?.at) },
    ]);
  },
);

test('the memory is bounded, outlives a crash in the middle of a line, and tells older from never written', async () => {
  const dir = join(await tempDir(), 'memory');
  const specs = { shop: { kind: 'files' as const, folder: 'data', every: 60_000 } };
  const open = () => sentinelMemory({ fs: nodeFs, dir, specs: () => specs, keep: 10 });
  let memory = open();
  expect(await memory.newest('shop')).toBeNull();
  for (let n = 1; n <= 55; n++) {
    await memory.remember('shop', { uuid: uuid(n), at: n * 1000 });
    if (n % 7 === 0) {
      await writeFile(join(dir, 'shop.jsonl'), '{"at":99999,"uu', { flag: 'a' });
      memory = open();
    }
  }
  const lines = (await readFile(join(dir, 'shop.jsonl'), 'utf8'))
    .split('\n')
    .filter((line) => line.endsWith('}'));
  expect(lines.length).toBeLessThanOrEqual(20);
  expect(await memory.newest('shop')).toEqual({ uuid: uuid(55), at: 55_000 });
  for (let n = 46; n <= 55; n++)
    expect(await memory.known('shop', { uuid: uuid(n), at: n * 1000 })).toBe('yes');
  expect(await memory.known('shop', { uuid: uuid(1), at: 1000 })).toBe('older');
  expect(await memory.known('shop', { uuid: uuid(99), at: 54_000 })).toBe('no');
  await rm(dir, { recursive: true });
  expect(await memory.known('shop', { uuid: uuid(55), at: 55_000 })).toBe('no');
  await expect(memory.newest('other')).rejects.toMatchObject({ code: 'SENTINEL_UNKNOWN' });
});

test('mistakes of sentinels in reeve.yaml are found with their place', async () => {
  const config = EstateConfig.parse({
    version: 1,
    estate: { name: 'test' },
    projects: { shop: { environments: { dev: {} } } },
    sentinels: {
      fast: { kind: 'files', folder: 'data', every: '1s' },
      zone: { kind: 'files', folder: './src/data' },
      db: { kind: 'postgres', secret: 'not-there' },
      fine: { kind: 'sqlite', file: '/srv/app.db' },
    },
  });
  const said: string[] = [];
  const tell = (level: string) => (path: readonly (string | number)[], message: string) =>
    void said.push(`${level} ${path.join('.')}: ${message}`);
  await checkSentinels(config, { error: tell('error'), warning: tell('warning') }, async () => false);
  expect(said).toEqual([
    'error sentinels.fast.every: at least 5s',
    'error sentinels.zone.folder: ./src/data is in the zone src, which the daemon does not write to by itself',
    expect.stringMatching(/^warning sentinels\.db\.secret: the secret not-there is not there yet/),
  ]);
  const wrong = { kind: 'postgres', secret: 'x', table: 'Robert"); DROP' };
  expect(EstateConfig.safeParse({ ...config, sentinels: { wrong } }).success).toBe(false);
});
