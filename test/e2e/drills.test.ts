import { mkdir, readFile, readdir, readlink } from 'node:fs/promises';
import path from 'node:path';
import { expect, test } from 'vitest';
import { startPostgres } from '../drills/live-postgres.ts';
import { lacksPostgres } from '../helpers/needs.ts';
import { alive, until, type Place } from '../helpers/daemon.ts';
import { makePlace } from './place.ts';

const noPostgres = lacksPostgres();

const PASSWORD = 'a-very-long-restic-password';
const ESTATE = `version: 1
estate: { name: test }
projects:
  shop: { path: ., environments: { dev: {} } }
sentinels:
  shop-files: { kind: files, folder: data, every: 5s }
`;
/** Starts a service that writes its ids down and never answers. */
const SERVICE = `service:
    command: [node, -e, "require('fs').appendFileSync(process.env.PIDS, process.pid + '\\\\n'); setInterval(() => {}, 1000)"]
    ask: { tcp: true }
    within: 10m`;
const drill = (name: string, steps: string, secrets: string): string => `---
runbook: ${name}
title: ${name}
action: run_drill
timeout: 15m
secrets: [${secrets}]
---
${steps}
`;
const begin = (place: Place, name: string) =>
  place.json(['drill', 'run', name, '--project', 'shop', '--env', 'dev', '--force', '--no-follow']);
const follow = (place: Place, ...words: string[]) =>
  place.reeve([...words, '--project', 'shop', '--env', 'dev', '--force']);
const left = (place: Place): Promise<string[]> =>
  readdir(path.join(place.home, 'scratch', 'jobs', 'scratch'));
const secret = async (place: Place, name: string, value: string): Promise<void> => {
  const { code, err } = await place.reeve(['secret', 'set', name, '--value', value, '--force']);
  expect(code, err).toBe(0);
};

test('kill -9 in the middle of a restore: scratch and service are gone after the restart, and the verdict is UNKNOWN', async () => {
  const files = `\`\`\`backup { name=b driver=files }
repository: repo
password: restic-password
paths: [data]
init: true
\`\`\`
\`\`\`restore { name=r driver=files }
repository: repo
password: restic-password
sentinel: shop-files
verify:
  ${SERVICE.replace('process.env.PIDS', "'PLACE/pids.txt'")}
\`\`\``;
  const place = await makePlace({}, ESTATE);
  await place.write(
    'runbooks/files.md',
    drill('files', files.replace('PLACE', place.estate), 'restic-password'),
  );
  await mkdir(path.join(place.estate, 'data'));
  await place.write('data/orders', 'order 1\n');
  const daemon = await place.start();
  await secret(place, 'restic-password', PASSWORD);
  const { job } = await begin(place, 'files');
  await until(async () => (await place.read('pids.txt')).endsWith('\n'));
  const pid = Number((await place.read('pids.txt')).trim());
  expect(await alive(pid)).toBe(true);
  expect((await left(place)).length).toBe(1);
  await daemon.end('SIGKILL');

  await place.start();
  await until(async () => (await place.records('drill.result')).length > 0);
  const [result] = await place.records('drill.result');
  expect(result?.body).toMatchObject({ drill: 'files', job_id: job?.id, verdict: 'UNKNOWN', rpo_ms: null });
  expect(await alive(pid)).toBe(false);
  expect(await left(place)).toEqual([]);
  expect(await readdir(path.join(place.estate, 'repo', 'locks'))).toEqual([]);
  // The sentinel went on being written, and the ledger has the one that stood there at the cut.
  const [cut] = await place.records('drill.cut');
  expect(cut?.body).toMatchObject({ driver: 'files', sentinel: { name: 'shop-files' } });
  expect((await place.reeve(['drill', 'list'])).out).toMatch(/shop-files +files/);
  const report = await place.reeve(['drill', 'report', 'files']);
  expect([report.code, report.out]).toEqual([1, expect.stringContaining('# Drill files: UNKNOWN')]);
});

test.skipIf(noPostgres)(
  'kill -9 while a scratch database is there: it is removed at the next start, and the live one is as before',
  async () => {
    const server = await startPostgres();
    await server.sql('postgres', 'CREATE DATABASE shop');
    await server.sql('shop', 'CREATE TABLE orders AS SELECT generate_series(1, 50) AS id');
    const place = await makePlace({}, ESTATE.replace(/sentinels:[^]*/, ''));
    const steps = `\`\`\`backup { name=b driver=postgres }
database: live
to: dumps
\`\`\`
\`\`\`restore { name=r driver=postgres }
from: dumps
live: live
verify:
  ${SERVICE.replace('process.env.PIDS', `'${place.estate}/pids.txt'`)}
\`\`\``;
    await place.write('runbooks/pg.md', drill('pg', steps, 'live'));
    const daemon = await place.start();
    await secret(place, 'live', server.url('shop'));
    await begin(place, 'pg');
    await until(async () => (await place.read('pids.txt')).endsWith('\n'));
    const scratch = async (): Promise<unknown[]> =>
      server.sql('postgres', `SELECT datname FROM pg_database WHERE datname LIKE 'reeve\\_drill\\_%'`);
    expect(await scratch()).toHaveLength(1);
    await daemon.end('SIGKILL');
    expect(await scratch()).toHaveLength(1);

    await place.start();
    await until(async () => (await scratch()).length === 0);
    await until(async () => (await place.records('drill.result')).length > 0);
    expect((await place.records('drill.result'))[0]?.body['verdict']).toBe('UNKNOWN');
    expect(await server.sql('shop', 'SELECT count(*) FROM orders')).toEqual([{ count: '50' }]);
    expect(await left(place)).toEqual([]);
    await until(async () => (await readdir(path.join(place.home, 'drills', 'leftovers'))).length === 0);
  },
);

test('the shipped game day: refused without a release, passed with one, and its report and chart are there', async () => {
  const REPO = path.resolve(import.meta.dirname, '../..');
  const book = async (name: string) => readFile(path.join(REPO, 'runbooks', `${name}.md`), 'utf8');
  const place = await makePlace(
    { 'gameday-lost-release.md': await book('gameday-lost-release'), 'deploy.md': await book('deploy') },
    ESTATE.replace(/sentinels:[^]*/, ''),
  );
  await place.start();
  expect((await place.reeve(['drill', 'list'])).out).toContain(
    'Game day: the release of <project> in <env> disappears',
  );
  const refused = await follow(place, 'drill', 'run', 'gameday-lost-release');
  expect(refused.code).not.toBe(0);
  expect(refused.out + refused.err).toContain('so nothing was disturbed');
  expect((await follow(place, 'deploy')).code).toBe(0);
  const current = path.join(place.estate, '.reeve/releases/shop/dev/current');
  const release = await readlink(current);
  const passed = await follow(place, 'drill', 'run', 'gameday-lost-release');
  expect(passed.code, passed.out + passed.err).toBe(0);
  expect(await readlink(current)).toBe(release);
  await until(async () => (await place.records('drill.result')).length === 2);

  const report = await place.json(['drill', 'report', 'gameday-lost-release']);
  const { markdown } = report.data as { markdown: string };
  expect(markdown).toMatch(
    /\| steady state before \| PASS .*\n\| method \| PASS .*\n\| rollback \| PASS .*\n\| steady state after \| PASS/,
  );
  const [first] = await place.records('drill.result');
  expect(first?.body).toMatchObject({ verdict: 'FAIL' });
  const earlier = await place.reeve(['drill', 'report', String(first?.body['job_id'])]);
  expect(earlier.out).toMatch(/method \| NOT RUN/);
  const saved = await place.reeve(['drill', 'report', 'gameday-lost-release', '--output', 'chart.svg']);
  expect(saved.code, saved.err).toBe(0);
  expect(await place.read('chart.svg')).toContain('<svg ');
  expect((await place.reeve(['drill', 'report', 'nothing'])).err).toContain(
    'There is no recorded drill nothing',
  );
});
