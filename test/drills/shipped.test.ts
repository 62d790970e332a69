import { cp, mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect, test } from 'vitest';
import { driverServices } from '../../daemon/drills/drivers/index.ts';
import { secretVariable } from '../../daemon/runbook/environment.ts';
import { makeWorld, type World } from '../runbook/world.ts';
import { startPostgres } from './live-postgres.ts';
import { lacksPostgres } from '../helpers/needs.ts';
import { makeSite } from './site.ts';

const noPostgres = lacksPostgres();

const SHIPPED = join(import.meta.dirname, '../..');

/** The shipped runbooks in an estate of their own, with the real loader, planner, runner and drivers. */
async function shipped(secrets: Record<string, string> = {}): Promise<World> {
  const site = await makeSite();
  const { backup, restore } = driverServices(site.deps);
  const world = await makeWorld({
    root: site.root,
    services: {
      backup,
      restore,
      secrets: async (names) =>
        Object.fromEntries(names.map((name) => [secretVariable(name), secrets[name] ?? ''])),
    },
  });
  await rm(join(site.root, 'runbooks'), { recursive: true });
  await cp(join(SHIPPED, 'runbooks'), join(site.root, 'runbooks'), { recursive: true });
  // As the engine does it: the scratch of an attempt lies in the home.
  const { context } = world;
  world.context = async (plan, more = {}) =>
    context(plan, { scratch: (await site.context()).scratch, ...more });
  return world;
}

/** Runs a backup and its drill; the outputs of the restore. */
async function drill(world: World, kind: string, inputs: Record<string, string> = {}) {
  const made = await world.run(`backup-${kind}`, inputs);
  expect(made.status, made.log + JSON.stringify(made.results)).toBe('PASS');
  const done = await world.run(`restore-${kind}`);
  expect(done.status, done.log + JSON.stringify(done.results)).toBe('PASS');
  return done.outputs['restore'];
}

test('backup-files and restore-files work as they ship, on the runbooks themselves', async () => {
  const world = await shipped({ 'restic-password': 'a-very-long-restic-password' });
  const count = (await readdir(join(SHIPPED, 'runbooks'))).length;
  expect(await drill(world, 'files')).toMatchObject({ files: String(count), rpo_basis: 'backup_time' });
});

test('backup-sqlite and restore-sqlite work as they ship, on a database at their place', async () => {
  const world = await shipped();
  await mkdir(join(world.root, '.reeve'));
  const db = new DatabaseSync(join(world.root, '.reeve', 'app.db'));
  db.exec('CREATE TABLE orders (id INTEGER PRIMARY KEY); INSERT INTO orders VALUES (1), (2), (3)');
  db.close();
  expect(await drill(world, 'sqlite')).toMatchObject({ tables: '1', rows: '3' });
});

test.skipIf(noPostgres)(
  'backup-postgres and restore-postgres work as they ship, on two secrets',
  async () => {
    const server = await startPostgres();
    await server.sql('postgres', 'CREATE DATABASE shop');
    await server.sql('shop', 'CREATE TABLE orders AS SELECT generate_series(1, 50) AS id');
    const world = await shipped({
      'live-database': server.url('shop'),
      'scratch-server': server.url('postgres'),
    });
    expect(await drill(world, 'postgres')).toMatchObject({ tables: '1', rows: '50' });
  },
);

test('a step gets the secrets that its runbook declares, and no other', async () => {
  const world = await shipped({
    'restic-password': 'a-very-long-restic-password',
    other: 'never-to-be-seen',
  });
  const step = '```backup { name=b driver=files }\nrepository: r\npassword: other\npaths: [runbooks]\n```';
  await world.write('sneak', step, 'secrets: [restic-password]\n');
  const { results } = await world.run('sneak');
  expect(results['b']).toMatchObject({ status: 'FAIL', error_code: 'SECRET_UNDECLARED' });
});

test('gameday-lost-release plans its steady state twice, the second time after the rollback', async () => {
  const world = await shipped();
  const plan = await world.plan('gameday-lost-release');
  expect(plan.steps.map(({ name, phase, on }) => [name, phase, on])).toEqual([
    ['in-force', 'steady', 'normal'],
    ['take-away', 'method', 'normal'],
    ['is-noticed', 'method', 'normal'],
    ['put-back', 'rollback', 'failure'],
    ['in-force-again', 'again', 'always'],
  ]);
});
