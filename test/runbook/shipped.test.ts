import { execFileSync } from 'node:child_process';
import { cp, mkdir, readFile, readlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { StepServices } from '../../daemon/ports/steps.ts';
import { makeWorld, runPlan, type RunResult, type World } from './world.ts';

const SHIPPED = join(import.meta.dirname, '../..');

/** The shipped runbooks in an estate of their own. */
async function shipped(services: Partial<StepServices> = {}): Promise<World> {
  const world = await makeWorld({ services });
  await cp(join(SHIPPED, 'runbooks'), join(world.root, 'runbooks'), { recursive: true });
  await cp(join(SHIPPED, 'reeve.yaml'), join(world.root, 'reeve.yaml'));
  return world;
}

const current = (world: World, env: string, name = 'current'): Promise<string> =>
  readlink(join(world.root, '.reeve/releases/reeve', env, name));

async function runOn(
  world: World,
  id: string,
  env: string,
  inputs: Record<string, string> = {},
): Promise<RunResult> {
  const plan = await world.plan(id, { env, inputs });
  return runPlan(world.runner, plan, await world.context(plan));
}

test('every shipped runbook is valid', async () => {
  const world = await shipped();
  expect(await world.runbooks.lint()).toEqual([]);
  const ids = (await world.runbooks.list()).map(({ front }) => front.runbook);
  expect(ids).toEqual(
    expect.arrayContaining([
      'deploy',
      'disk-space',
      'heal',
      'hello',
      'patch',
      'promote',
      'rollback',
      'self-restore',
    ]),
  );
});

test('each seeded action has exactly one shipped runbook', async () => {
  const world = await shipped();
  const actions = (await world.runbooks.list()).map(({ front }) => front.action);
  for (const action of ['deploy', 'rollback', 'promote', 'patch', 'heal'])
    expect(actions.filter((one) => one === action)).toHaveLength(1);
});

test('hello greets, reports, checks and keeps', async () => {
  const world = await shipped();
  const { status, log, outputs } = await world.run('hello', { name: 'Ada', count: 2 });
  expect(status).toBe('PASS');
  expect(log).toContain('Hello, Ada!');
  expect(outputs['report']).toEqual({ lines: '2' });
  expect(outputs['greet']).toEqual({ node: process.version });
  expect(world.artifacts.map(({ bytes, name }) => [name, bytes.toString()])).toEqual([
    ['hello report', 'line 1: hello, Ada\nline 2: hello, Ada\n'],
  ]);
});

test('disk-space passes with room and fails without, saying what to do', async () => {
  const world = await shipped();
  const good = await world.run('disk-space', { min_free_percent: 1 });
  expect(good.results['measure']?.status).toBe('PASS');
  const free = Number(good.outputs['measure']?.['free_percent']);
  const plan = await world.plan('disk-space', { inputs: { min_free_percent: 90 } });
  const { status, results } = await runPlan(world.runner, plan, await world.context(plan));
  expect(status).toBe(free >= 90 ? 'PASS' : 'FAIL');
  expect(results['enough']?.error_code).toBe(free >= 90 ? undefined : 'ASSERTION_FAILED');
});

test('deploy switches, a second deploy keeps the first as previous, rollback goes back and forth', async () => {
  const world = await shipped();
  const first = await world.run('deploy');
  expect(first.status, first.log).toBe('PASS');
  const one = await current(world, 'dev');
  await expect(current(world, 'dev', 'previous')).rejects.toThrow('ENOENT');
  expect(world.artifacts.map(({ mediaType }) => mediaType)).toEqual(['application/json']);

  await writeFile(join(world.root, 'reeve.yaml'), '# changed\n');
  expect((await world.run('deploy')).status).toBe('PASS');
  const two = await current(world, 'dev');
  expect([two === one, await current(world, 'dev', 'previous')]).toEqual([false, one]);
  const live = join(world.root, '.reeve/releases/reeve/dev/current/reeve.yaml');
  expect(await readFile(live, 'utf8')).toBe('# changed\n');

  expect((await world.run('rollback')).status).toBe('PASS');
  expect([await current(world, 'dev'), await current(world, 'dev', 'previous')]).toEqual([one, two]);
  expect((await world.run('rollback')).status).toBe('PASS');
  expect(await current(world, 'dev')).toBe(two);
});

test('a deploy that fails after its switch puts the release before back', async () => {
  const world = await shipped();
  expect((await world.run('deploy')).status).toBe('PASS');
  const before = await current(world, 'dev');
  await writeFile(join(world.root, 'reeve.yaml'), '# changed\n');
  const plan = await world.plan('deploy');
  // As a damaged disk would: the verification fails.
  const broken = plan.steps.map((step) =>
    step.name === 'verify' ? { ...step, spec: { ...step.spec, script: 'exit 7' } } : step,
  );
  const { status, results, log } = await runPlan(
    world.runner,
    { ...plan, steps: broken },
    await world.context(plan),
  );
  expect(status).toBe('FAIL');
  expect(results['switch-back']?.status, log).toBe('PASS');
  expect(await current(world, 'dev')).toBe(before);
});

test('deploy and rollback refuse what they cannot do and change nothing', async () => {
  const world = await shipped();
  const docker = await world.run('deploy', { target: 'docker' });
  expect(docker.results['target']).toMatchObject({ status: 'FAIL', error_code: 'ASSERTION_FAILED' });
  expect(docker.results['target']?.why).toContain('docker needs a runbook of your own');
  expect(docker.log).toContain('nothing to undo');
  const nowhere = await world.run('rollback');
  expect(nowhere.results['check']?.why).toContain('nothing to go back to');
  await expect(current(world, 'dev')).rejects.toThrow('ENOENT');
});

test('rollback does not switch to a damaged release', async () => {
  const world = await shipped();
  await world.run('deploy');
  await writeFile(join(world.root, 'reeve.yaml'), '# changed\n');
  await world.run('deploy');
  const [now, previous] = [await current(world, 'dev'), await current(world, 'dev', 'previous')];
  await writeFile(join(world.root, '.reeve/releases/reeve/dev', previous, 'reeve.yaml'), 'damaged');
  const { status, results } = await world.run('rollback');
  expect([status, results['check']?.status]).toEqual(['FAIL', 'FAIL']);
  expect(await current(world, 'dev')).toBe(now);
});

test('promote carries the very release of one environment to the next', async () => {
  const world = await shipped();
  expect(
    (await runOn(world, 'promote', 'prod', { from: 'staging', to: 'prod' })).results['copy']?.why,
  ).toContain('deploy there first');
  expect((await runOn(world, 'deploy', 'staging')).status).toBe('PASS');
  const done = await runOn(world, 'promote', 'prod', { from: 'staging', to: 'prod' });
  expect(done.status, done.log).toBe('PASS');
  expect(await current(world, 'prod')).toBe(await current(world, 'staging'));
  const again = await runOn(world, 'promote', 'prod', { from: 'staging', to: 'prod' });
  expect(again.log).toContain('in force already');
  const elsewhere = runOn(world, 'promote', 'dev', { from: 'staging', to: 'prod' });
  await expect(elsewhere).rejects.toMatchObject({ code: 'INPUT_INVALID' });
});

test('patch looks, and refuses to push with the reason', async () => {
  const world = await shipped();
  expect((await world.run('patch')).results['status']?.why).toContain('no Git repository');
  execFileSync('git', ['init', '-q', '-b', 'trunk'], { cwd: world.root });
  const look = await world.run('patch');
  expect(look.status, look.log).toBe('PASS');
  expect(look.outputs['status']).toMatchObject({ branch: 'trunk', remote: '' });
  const push = await world.run('patch', { auto_push: true });
  expect(push.results['push']?.why).toContain('needs a remote');
});

test('heal reports a changed release, and verifies the ledger through the backup driver', async () => {
  const root = { root: 'a'.repeat(64) };
  const asked: string[] = [];
  const world = await shipped({
    backup: async (driver) => {
      asked.push(`backup ${driver}`);
      return { outputs: { ...root, backup_id: 'b-1', manifest: 'sha256:x' }, artifacts: [] };
    },
    restore: async (driver, options) => {
      asked.push(`restore ${driver} ${JSON.stringify(options)}`);
      return { outputs: { ...root, live_root: root.root }, artifacts: [], phases: {} };
    },
  });
  const inputs = { min_free_percent: 1 };
  await mkdir(join(world.root, 'shop'));
  const fresh = await world.run('heal', inputs);
  expect(fresh.status, fresh.log).toBe('PASS');
  expect(fresh.outputs['release']).toEqual({ release: 'none' });
  expect(asked).toEqual(['backup reeve', 'restore reeve {"backup":"b-1","manifest":"sha256:x"}']);
  await world.run('deploy');
  await writeFile(join(world.root, '.reeve/releases/reeve/dev/current/reeve.yaml'), 'changed by hand');
  const hurt = await world.run('heal', inputs);
  expect(hurt.results['release']?.status).toBe('FAIL');
  expect(hurt.results['release']?.why).toContain('was changed after it was deployed');
});
