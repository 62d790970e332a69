import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { Plan } from '../../contracts/plan.ts';
import { day } from './gameday-parts.ts';
import { TestRunner, book } from './parts.ts';
import { World, until } from './world.ts';

const dead = () => new Promise<never>(() => {});

/** A daemon that is gone while a step runs: nothing of it reaches the ledger any more. */
async function dieIn(step: string, fns: TestRunner['fns'] = {}, over: Partial<Plan> = {}) {
  const runner = new TestRunner({ ...fns, [step]: dead });
  const world = await World.open({ runner });
  const made = day();
  const request = await world.request({ ...made, plan: { ...made.plan, ...over } });
  const { job_id } = await world.engine.submit(request);
  await until(() => runner.ran.includes(step));
  await world.ledger.close();
  return { world, job_id, grant_id: request.grant_id, ran: runner.ran };
}

async function next(world: World, runner: TestRunner): Promise<World> {
  return world.restart({ runner });
}

test('killed in mid-method: the next daemon runs the rollback and asks the steady state, and the outcome says so', async () => {
  const { world, job_id } = await dieIn('disturb', {}, { lock: 'shop/staging' });
  const { promise: gate, resolve: open } = Promise.withResolvers<void>();
  const runner = new TestRunner({ confirm: () => gate.then(() => ({ status: 'PASS' as const })) });
  const after = await next(world, runner);
  await until(() => runner.ran.includes('confirm'));
  // Meanwhile it runs, and nobody else gets its lock.
  expect(after.engine.counts()).toMatchObject({ running: 1, unknown: 0 });
  expect(after.engine.locks()).toMatchObject([{ lock: 'shop/staging', owner: `${job_id}.1` }]);
  open();
  expect(await after.engine.wait(job_id)).toEqual({ status: 'UNKNOWN', attempt_id: `${job_id}.1` });
  expect(runner.ran).toEqual(['restore', 'confirm', 'healthy-again', 'tidy']);
  const { attempts } = await after.engine.get(job_id);
  expect(attempts).toHaveLength(1);
  expect(attempts[0]?.record).toMatchObject({ error_code: 'JOB_UNKNOWN', retryable: false });
  expect(attempts[0]?.why).toMatch(
    /while step disturb ran.*its rollback was run when the daemon was back; the steady state holds again/,
  );
  expect(attempts[0]?.steps.map(({ name, status }) => [name, status])).toEqual([
    ['healthy', 'PASS'],
    ['disturb', 'UNKNOWN'],
    ['observe', 'SKIPPED'],
    ['restore', 'PASS'],
    ['confirm', 'PASS'],
    ['tidy', 'PASS'],
    ['healthy-again', 'PASS'],
  ]);
  // One log: of before and after.
  const logged = (await after.engine.logs(job_id)).map(({ step }) => step);
  expect(logged).toEqual(expect.arrayContaining(['healthy', 'disturb', 'restore', 'healthy-again']));
  await after.engine.drain();
  expect(await readdir(join(world.home, 'engine', 'scratch'))).toEqual([]);
  expect(await readdir(join(world.home, 'engine', 'logs'))).toEqual([]);
});

test('neither a halt, a revoked grant nor a runbook that is gone keeps the rollback from running', async () => {
  const { world, job_id, grant_id } = await dieIn('disturb');
  const runner = new TestRunner();
  const after = await world.restart({ runner, cold: true });
  await after.grants.revoke({ gid: grant_id }, 'olga', 'not so');
  await after.work.halt('all', 'olga', 'smoke');
  after.runbooks.clear();
  await after.engine.start();
  expect((await after.engine.wait(job_id)).status).toBe('UNKNOWN');
  // What cleans up beside it has no such right.
  expect(runner.ran).toEqual(['restore', 'confirm', 'healthy-again']);
  expect((await after.engine.get(job_id)).attempts[0]?.why).toContain('the steady state holds again');
});

test('killed in the steady state: nothing was disturbed, and nothing is put back', async () => {
  const { world, job_id } = await dieIn('healthy');
  const runner = new TestRunner();
  const after = await next(world, runner);
  expect((await after.engine.wait(job_id)).status).toBe('UNKNOWN');
  expect(runner.ran).toEqual([]);
});

test('killed in mid-rollback: what is done is not done again, what was under way neither, the rest is', async () => {
  for (const idempotent of [false, true]) {
    const { world, job_id, ran } = await dieIn('restore', {}, { idempotent });
    expect(ran).toEqual(['healthy', 'disturb', 'observe', 'restore']);
    const runner = new TestRunner();
    const after = await next(world, runner);
    expect((await after.engine.wait(job_id)).status).toBe('UNKNOWN');
    const rest = ['confirm', 'healthy-again', 'tidy'];
    expect(runner.ran).toEqual(idempotent ? ['restore', ...rest] : rest);
    const why = (await after.engine.get(job_id)).attempts[0]?.why ?? '';
    if (idempotent) expect(why).not.toContain('rollback failed');
    else expect(why).toContain('rollback failed at restore: the daemon stopped while it ran');
  }
});

test('killed again and again: each start goes on where the last one was, and none does a step twice', async () => {
  const first = await dieIn('disturb');
  const second = new TestRunner({ confirm: dead });
  const dying = await next(first.world, second);
  await until(() => second.ran.includes('confirm'));
  await dying.ledger.close();
  const third = new TestRunner({ 'healthy-again': dead });
  const again = await next(dying, third);
  await until(() => third.ran.includes('healthy-again'));
  await again.ledger.close();
  const last = new TestRunner();
  const after = await next(again, last);
  expect((await after.engine.wait(first.job_id)).status).toBe('UNKNOWN');
  expect([second.ran, third.ran, last.ran]).toEqual([
    ['restore', 'confirm'],
    ['healthy-again'],
    ['healthy-again', 'tidy'],
  ]);
  const why = (await after.engine.get(first.job_id)).attempts[0]?.why;
  expect(why).toContain('rollback failed at confirm');
});

test('a steady state that does not hold after it is said first, and a failed method is not forgotten', async () => {
  const { world, job_id } = await dieIn('restore', {
    observe: () => ({ status: 'FAIL', error_code: 'STEP_FAILED', why: 'the queue grew' }),
  });
  const runner = new TestRunner({
    'healthy-again': () => ({ status: 'FAIL', error_code: 'STEP_FAILED', why: '0 of 5 answer' }),
  });
  const after = await next(world, runner);
  expect((await after.engine.wait(job_id)).status).toBe('UNKNOWN');
  const [attempt] = (await after.engine.get(job_id)).attempts;
  expect(attempt?.record.error_code).toBe('GAMEDAY_NOT_RECOVERED');
  expect(attempt?.why).toMatch(
    /^The steady state does not hold again.*0 of 5 answer.*observe: the queue grew/,
  );
});

test('outputs from before the crash reach the rollback as they were, or not at all', async () => {
  const { world, job_id } = await dieIn('disturb', {
    healthy: () => ({
      status: 'PASS',
      outputs: { release: 'r41', token: 'a [redacted] b', list: 'one\ntwo', ends: 'one\r\ntwo' },
    }),
  });
  const seen: unknown[] = [];
  const runner = new TestRunner({
    restore: ({ outputs, failed }) => {
      seen.push(outputs['healthy'], failed);
      return { status: 'PASS' };
    },
  });
  const after = await next(world, runner);
  await after.engine.wait(job_id);
  expect(seen).toEqual([{ release: 'r41', list: 'one\ntwo' }, true]);
});

test('who holds its lock by now has taken over: nothing is put back, and the record says so', async () => {
  const lock = 'shop/staging';
  const runner = new TestRunner({ disturb: dead, other: dead });
  const world = await World.open({ runner });
  const made = day();
  const job_id = await world.submit({ ...made, plan: { ...made.plan, lock } });
  await until(() => runner.ran.includes('disturb'));
  await world.engine.stealLock(lock, 'olga', 'mine now');
  await world.submit(book([{ name: 'other', kind: 'fn' }], { lock }));
  await until(() => runner.ran.includes('other'));
  await world.ledger.close();
  const last = new TestRunner();
  const after = await next(world, last);
  expect((await after.engine.wait(job_id)).status).toBe('UNKNOWN');
  expect(last.ran).toEqual([]);
  expect((await after.engine.get(job_id)).attempts[0]?.why).toMatch(
    /rollback not run: The lock shop\/staging/,
  );
});

test('a daemon that is stopped while it puts back goes on with it at the next start', async () => {
  const { world, job_id } = await dieIn('disturb');
  const slow = new TestRunner({ restore: dead });
  const stopping = await next(world, slow);
  await until(() => slow.ran.includes('restore'));
  await stopping.engine.stop(0);
  await stopping.ledger.close();
  const runner = new TestRunner();
  const after = await next(stopping, runner);
  await after.engine.wait(job_id);
  expect(runner.ran).toEqual(['confirm', 'healthy-again', 'tidy']);
});
