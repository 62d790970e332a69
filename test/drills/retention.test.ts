import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmod, mkdir, mkdtemp, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { canonical } from '../../daemon/canonical.ts';
import { digestOf } from '../../daemon/digest.ts';
import { kept, KEEP, type KeepPolicy } from '../../daemon/drills/keep.ts';
import { pruneWal } from '../../daemon/drills/postgres/wal.ts';
import { drills, MAX_HISTORY, provenBackups } from '../../daemon/drills/projection.ts';
import { makeSite, refusal, type Site } from './site.ts';
import { tempDir } from '../helpers/ledger.ts';

const PASSWORD = 'a-very-long-restic-password';
const REPOSITORY = { repository: 'repo', password: 'restic-password' };

const restic = (site: Site, ...args: string[]): string =>
  execFileSync('restic', ['--no-cache', '-r', join(site.root, 'repo'), ...args], {
    env: { ...process.env, TZ: 'UTC', RESTIC_PASSWORD: PASSWORD },
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  });
interface Snapshot {
  id: string;
  time: string;
  tags?: string[];
}
const snapshots = (site: Site): Snapshot[] => JSON.parse(restic(site, 'snapshots', '--json')) as Snapshot[];

async function shop(): Promise<Site> {
  const site = await makeSite();
  await site.home.secrets.set('restic-password', PASSWORD);
  await mkdir(join(site.root, 'data'));
  await writeFile(join(site.root, 'data', 'orders.csv'), 'id,total\n1,20\n');
  return site;
}
const backup = (site: Site, more = {}) =>
  site.backup('files', { ...REPOSITORY, paths: ['data'], init: true, ...more });
/** What the ledger has of a drill that restored this backup. */
const result = (digest: string | undefined, verdict: 'PASS' | 'FAIL' = 'PASS') => ({
  drill: 'restore',
  job_id: `job_${'b'.repeat(32)}`,
  verdict,
  rpo_ms: null,
  rto_ms: null,
  objective_rpo_ms: null,
  objective_rto_ms: null,
  phases: {},
  evidence: [],
  ...(digest === undefined ? {} : { backup: digest }),
});
const prove = (site: Site, digest: string | undefined, verdict: 'PASS' | 'FAIL' = 'PASS') =>
  site.home.ledger.append('drill.result', result(digest, verdict));

test('restic snapshots beyond `keep` are forgotten and their room is freed; the proven one, the new one and those of others stay', async () => {
  const site = await shop();
  const [proven, damaged] = [await backup(site), await backup(site)];
  await prove(site, proven.outputs['manifest']);
  await prove(site, damaged.outputs['manifest'], 'FAIL');
  // Of others: another host, other tags, other paths, and one that Reeve did not make.
  const others = [{ host: 'other' }, { tags: ['weekly'] }, { paths: ['data/orders.csv'] }];
  for (const other of others) await backup(site, { ...other, keep: { last: 1 } });
  restic(site, 'backup', '--host', 'reeve', join(site.root, 'data'));
  const theirs = snapshots(site).length - 2;
  await writeFile(join(site.root, 'data', 'big'), randomBytes(2_000_000));
  const big = await backup(site, { keep: 'all' });
  expect(big.outputs).not.toHaveProperty('forgotten');
  await writeFile(join(site.root, 'data', 'big'), '');
  const size = (): number =>
    Number(execFileSync('du', ['-sk', join(site.root, 'repo')], { encoding: 'utf8' }).split('\t')[0]);
  const full = size();
  const last = await backup(site, { keep: { last: '1' } });
  expect(last.outputs).toMatchObject({ kept: '2', forgotten: '2' });
  const left = snapshots(site).map(({ id }) => id.slice(0, 8));
  expect(left).toHaveLength(theirs + 2);
  expect(left).toEqual(
    expect.arrayContaining([proven, last].map(({ outputs }) => outputs['snapshot']?.slice(0, 8))),
  );
  expect(size()).toBeLessThan(full - 1500);
  restic(site, 'check', '--read-data');
  // The default is bounded, and forgets nothing so young.
  expect((await backup(site)).outputs).toMatchObject({ kept: '3', forgotten: '0' });
  expect((await refusal(backup(site, { keep: {} }))).code).toBe('DRIVER_OPTIONS_INVALID');
}, 180_000);

test('a repository that nothing may be removed from says what to do, and the snapshot stands; a locked one waits for the next time', async () => {
  const site = await shop();
  await backup(site);
  // A program that cannot remove anything, as with an append-only server.
  const bin = await mkdtemp(join(site.root, 'bin-'));
  const real = execFileSync('sh', ['-c', 'command -v restic'], { encoding: 'utf8' }).trim();
  const stand = (said: string): string =>
    `#!/bin/sh\nfor a; do [ "$a" = forget ] && { echo "${said}" >&2; exit 1; }; done\nexec ${real} "$@"\n`;
  await writeFile(join(bin, 'restic'), stand('Fatal: unable to remove: 403 Forbidden'));
  await chmod(join(bin, 'restic'), 0o755);
  const refused = await refusal(backup(site, { bin, keep: { last: 1 } }));
  expect(refused).toMatchObject({
    code: 'BACKUP_NOT_FORGOTTEN',
    message: expect.stringContaining('403 Forbidden'),
    hint: expect.stringContaining('`keep: all`'),
  });
  expect(snapshots(site)).toHaveLength(2);
  await writeFile(
    join(bin, 'restic'),
    stand('unable to create lock in backend: repository is already locked by PID 7'),
  );
  expect((await backup(site, { bin, keep: { last: 1 } })).outputs).toMatchObject({ locked: 'true' });
  expect((await backup(site, { keep: { last: 1 } })).outputs).toMatchObject({ kept: '1', forgotten: '3' });
}, 120_000);

test('the policy keeps what restic itself would keep', async () => {
  const site = await shop();
  restic(site, 'init');
  // Around the ends of days, ISO weeks, months and years.
  const times = [
    '2023-12-30 23:59:59',
    '2023-12-31 00:00:00',
    '2023-12-31 23:59:59',
    '2024-01-01 00:00:00',
    '2024-01-01 00:30:00',
    '2024-01-07 12:00:00',
    '2024-01-08 00:00:00',
    '2024-02-29 10:00:00',
    '2024-02-29 10:59:59',
    '2024-03-01 00:00:00',
    '2025-03-01 00:00:00',
  ];
  for (const time of times) restic(site, 'backup', '--time', time, join(site.root, 'data'));
  const all = snapshots(site);
  const policies: KeepPolicy[] = [
    { last: 3 },
    { hourly: 5 },
    { daily: 4 },
    { weekly: 4 },
    { monthly: 3 },
    { yearly: 2 },
  ];
  policies.push({ last: 2, daily: 3, weekly: 2, yearly: 5 }, KEEP);
  for (const policy of policies) {
    const rules = Object.entries(policy).flatMap(([rule, n]) => [`--keep-${rule}`, String(n)]);
    const [group] = JSON.parse(restic(site, 'forget', '--dry-run', '--json', ...rules)) as {
      keep: Snapshot[];
    }[];
    const ours = kept(policy, all, (one) => Date.parse(one.time));
    expect([policy, [...ours].map(({ id }) => id).toSorted()]).toEqual([
      policy,
      group?.keep.map(({ id }) => id).toSorted(),
    ]);
  }
}, 120_000);

test('whatever is backed up, the newest is kept and what is kept is bounded', () => {
  const Policy = fc.record(
    Object.fromEntries(
      ['last', 'hourly', 'daily', 'weekly', 'monthly', 'yearly'].map((rule) => [
        rule,
        fc.integer({ min: 1, max: 9 }),
      ]),
    ),
    { requiredKeys: ['daily'] },
  );
  fc.assert(
    fc.property(Policy, fc.array(fc.integer({ min: 0, max: 4e12 }), { minLength: 1 }), (policy, times) => {
      const keep = kept(policy as KeepPolicy, times, (time) => time);
      expect(keep.has(Math.max(...times))).toBe(true);
      expect(keep.size).toBeLessThanOrEqual(
        Object.values(policy).reduce((a, b) => (a ?? 0) + (b ?? 0), 0) ?? 0,
      );
    }),
  );
});

test('backups in a folder: the last proven one stays beyond `keep`, until a newer one is proven', async () => {
  const site = await makeSite();
  new DatabaseSync(join(site.root, 'app.db')).close();
  const make = () => site.backup('sqlite', { file: 'app.db', to: 'backups', keep: 2 });
  const ids = async (): Promise<string[]> =>
    (await readdir(join(site.root, 'backups')))
      .filter((name) => name.endsWith('.json'))
      .map((name) => name.slice(0, -5))
      .toSorted();
  const first = await make();
  await prove(site, first.outputs['manifest']);
  await make();
  await make();
  const [, fourth] = [await make(), await make()];
  expect(await ids()).toHaveLength(3);
  expect(await ids()).toContain(first.outputs['backup_id']);
  await prove(site, fourth.outputs['manifest']);
  await make();
  expect(await ids()).toHaveLength(2);
});

test('the backups of Reeve itself likewise', async () => {
  const site = await makeSite();
  const ids = (): Promise<string[]> => readdir(join(site.deps.home, 'backups'));
  const first = await site.backup('reeve', {});
  await prove(site, first.outputs['manifest']);
  for (let n = 0; n < 8; n++) await site.backup('reeve', {});
  expect(await ids()).toHaveLength(8);
  expect(await ids()).toContain(first.outputs['backup_id']);
});

test('the last proven backup stays known, however often its drill fails afterwards', () => {
  const state = drills.initial();
  const digest = digestOf('a backup');
  const add = (verdict: 'PASS' | 'FAIL', backup: string, ts: number): void =>
    void drills.apply(state, {
      v: 1,
      seq: ts,
      ts,
      type: 'drill.result',
      body: result(backup, verdict),
    });
  add('PASS', digest, 1);
  for (let n = 2; n < 3 * MAX_HISTORY; n++) add('FAIL', digestOf(canonical(n)), n);
  expect(provenBackups(state)).toEqual(new Set([digest]));
  expect(state.results['restore']).toHaveLength(MAX_HISTORY);
  add('PASS', digestOf('a newer one'), 1000);
  for (let n = 1001; n < 1001 + MAX_HISTORY; n++) add('FAIL', digestOf(canonical(n)), n);
  expect(provenBackups(state)).toEqual(new Set([digestOf('a newer one')]));
});

test('archived WAL that lies before the oldest base backup goes, and nothing else of the folder', async () => {
  const dir = await tempDir();
  const base = async (name: string, wal: string): Promise<{ id: string; path: string }> => {
    await mkdir(join(dir, name));
    await writeFile(
      join(dir, name, 'backup_label'),
      `START WAL LOCATION: 0/5000028 (file ${wal})\nCHECKPOINT LOCATION: 0/5000060\n`,
    );
    return { id: name, path: join(dir, name) };
  };
  const shelf = {
    all: async () => [
      await base(`a${Math.random()}`, '000000020000000000000005'),
      await base(`b${Math.random()}`, '000000010000000000000009'),
    ],
  };
  const archive = join(dir, 'archive');
  await mkdir(archive);
  const old = [
    '000000010000000000000003',
    '000000010000000000000004.gz',
    '000000020000000000000004.partial',
    '000000010000000000000002.00000028.backup',
  ];
  const stays = [
    '000000010000000000000005',
    '000000020000000000000006',
    '00000002.history',
    'notes.txt',
    '000000010000000000000001.mine',
  ];
  for (const name of [...old, ...stays]) await writeFile(join(archive, name), '');
  const deps = { note: () => {} };
  expect(await pruneWal(deps, shelf, archive)).toBe(old.length);
  expect((await readdir(archive)).toSorted()).toEqual(stays.toSorted());
  // One backup that does not say what it needs: then nothing is known.
  await mkdir(join(dir, 'c'));
  const unclear = { all: async () => [...(await shelf.all()), { id: 'c', path: join(dir, 'c') }] };
  await writeFile(join(archive, old[0] ?? ''), '');
  expect((await refusal(pruneWal(deps, unclear, archive))).code).toBe('WAL_NOT_PRUNED');
  expect(await pruneWal(deps, { all: async () => [] }, archive)).toBe(0);
  expect((await readdir(archive)).length).toBe(stays.length + 1);
});
