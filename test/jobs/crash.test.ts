import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { Plan } from '../../contracts/plan.ts';
import { ManualClock } from '../helpers/manual-clock.ts';
import { TestRunner, book, type StepDraft } from './parts.ts';
import { World, until } from './world.ts';

const fn = (name: string): StepDraft => ({ name, kind: 'fn' });

/** A daemon that is gone while a step runs: nothing of it reaches the ledger any more. */
async function dieIn(world: World, steps: StepDraft[], over: Partial<Plan> = {}) {
  const made = book(steps, over);
  world.runner.fns.dies = () => new Promise<never>(() => {});
  const request = await world.request(made);
  const { job_id } = await world.engine.submit(request);
  await until(() => world.runner.ran.includes('dies'));
  await world.ledger.close();
  return { ...request, job_id };
}

test('an attempt that ran when the daemon died is UNKNOWN, names its step, and is not run again', async () => {
  const world = await World.open();
  const { job_id } = await dieIn(world, [fn('one'), fn('dies'), { ...fn('undo'), on: 'failure' }]);
  const next = await world.restart({ runner: new TestRunner() });
  expect(next.engine.counts()).toEqual({ running: 0, queued: 0, unknown: 1 });
  expect(await next.engine.wait(job_id)).toEqual({ status: 'UNKNOWN', attempt_id: `${job_id}.1` });
  const job = await next.engine.get(job_id);
  expect(job.attempts[0]?.record).toMatchObject({ error_code: 'JOB_UNKNOWN', retryable: false });
  expect(job.attempts[0]?.why).toContain('while step dies ran');
  expect(job.attempts[0]?.steps.map(({ name, status }) => [name, status])).toEqual([
    ['one', 'PASS'],
    ['dies', 'UNKNOWN'],
    ['undo', 'SKIPPED'],
  ]);
  expect(next.runner.ran).toEqual([]);
  // What it had printed until then is kept.
  expect((await next.engine.logs(job_id)).map(({ step }) => step)).toContain('one');
  expect(await readdir(join(world.home, 'engine', 'scratch'))).toEqual([]);
  const { grant_id } = await next.request(book([fn('one')]));
  await expect(next.engine.retry(job_id, grant_id, 'bob', 'x')).rejects.toThrow(/a person has to say first/);
});

test('idempotent: it is run again as a new attempt, under the same grant and the same lock', async () => {
  const world = await World.open();
  const { job_id } = await dieIn(world, [fn('dies')], { idempotent: true, lock: 'shop' });
  const next = await world.restart({ runner: new TestRunner() });
  expect(await next.engine.wait(job_id)).toEqual({ status: 'PASS', attempt_id: `${job_id}.2` });
  const { attempts } = await next.engine.get(job_id);
  expect(attempts.map(({ record, fence }) => [record.status, fence])).toEqual([
    ['UNKNOWN', 1],
    ['PASS', 2],
  ]);
  expect(await next.records('grant.used')).toHaveLength(1);
  await next.engine.drain();
  expect(next.engine.locks()).toEqual([]);
});

test('idempotent, but the grant was revoked: it stays UNKNOWN and says so', async () => {
  const world = await World.open();
  const { job_id, grant_id } = await dieIn(world, [fn('dies')], { idempotent: true });
  const next = await world.restart({ runner: new TestRunner(), cold: true });
  await next.grants.revoke({ gid: grant_id }, 'olga', 'no');
  await next.engine.start();
  expect((await next.engine.wait(job_id)).status).toBe('UNKNOWN');
  const { attempts } = await next.engine.get(job_id);
  expect(attempts).toHaveLength(1);
  expect(attempts[0]?.why).toContain(`Not run again: The grant ${grant_id} is revoked`);
});

test('a job that stops the daemon again and again is not run for ever', async () => {
  let world = await World.open();
  const { job_id } = await dieIn(world, [fn('dies')], { idempotent: true });
  for (let i = 0; i < 2; i++) {
    const runner = new TestRunner({ dies: () => new Promise<never>(() => {}) });
    world = await world.restart({ runner });
    await until(() => runner.ran.includes('dies'));
    await world.ledger.close();
  }
  const last = await world.restart({ runner: new TestRunner() });
  expect(await last.engine.wait(job_id)).toEqual({ status: 'UNKNOWN', attempt_id: `${job_id}.3` });
  expect((await last.engine.get(job_id)).attempts[2]?.why).toContain('interrupted 3 times in a row');
});

test('what waited goes on waiting; what lost its grant meanwhile is CANCELLED', async () => {
  const clock = new ManualClock();
  const world = await World.open({ clock, limits: { concurrent_jobs: 1 } });
  world.runner.fns.dies = () => new Promise<never>(() => {});
  await world.submit(book([fn('dies')]));
  await until(() => world.runner.ran.includes('dies'));
  const short = await world.submit(book([fn('short')]), { lifetime_ms: 60_000 });
  const long = await world.submit(book([fn('long')]));
  await world.ledger.close();
  await clock.advance(60_000);
  const next = await world.restart({ runner: new TestRunner() });
  expect((await next.engine.wait(long)).status).toBe('PASS');
  expect((await next.engine.wait(short)).status).toBe('CANCELLED');
  expect((await next.engine.get(short)).attempts[0]?.record.error_code).toBe('GRANT_EXPIRED');
  expect(next.runner.ran).toEqual(['long']);
});

test('the lock of a dead attempt stays for its lease, then it is free; folders it left are removed', async () => {
  const clock = new ManualClock();
  const world = await World.open({ clock });
  await dieIn(world, [fn('dies')], { lock: 'shop' });
  await mkdir(join(world.home, 'engine', 'scratch', 'left'), { recursive: true });
  await writeFile(join(world.home, 'engine', 'scratch', 'left', 'x'), 'x');
  const next = await world.restart({ runner: new TestRunner() });
  expect(await readdir(join(world.home, 'engine', 'scratch'))).toEqual([]);
  const id = await next.submit(book([fn('two')], { lock: 'shop' }));
  expect(next.engine.locks()).toHaveLength(1);
  expect(next.engine.counts().queued).toBe(1);
  await clock.advance(120_000);
  expect((await next.engine.wait(id)).status).toBe('PASS');
});

test('a pending retry survives the daemon', async () => {
  const clock = new ManualClock();
  const world = await World.open({ clock });
  world.runner.fns.flaky = () => ({ status: 'FAIL', error_code: 'STEP_FAILED' });
  const made = book([fn('flaky')], { retries: 1, retry_delay: '10s' });
  const id = await world.submit(made);
  await until(() => world.engine.list()[0]?.attempts[0]?.record.status === 'FAIL');
  expect(world.engine.list()[0]?.status).toBe('QUEUED');
  await world.ledger.settled();
  await world.ledger.close();
  const next = await world.restart({ runner: new TestRunner() });
  await clock.advance(10_000);
  expect(await next.engine.wait(id)).toEqual({ status: 'PASS', attempt_id: `${id}.2` });
});

test('the daemon stops: what runs is CANCELLED, without rollback, and the record says so', async () => {
  const world = await World.open();
  const id = await world.submit(
    book([
      { name: 'long', script: 'echo begun; sleep 600' },
      { ...fn('undo'), on: 'failure' },
    ]),
  );
  const waits = await world.submit(book([fn('other')], { lock: 'x' }));
  await world.engine.wait(waits);
  await until(() => world.live.some(({ lines }) => lines.includes('begun')));
  await world.engine.stop(5000);
  expect((await world.engine.wait(id)).status).toBe('CANCELLED');
  const { attempts } = await world.engine.get(id);
  expect(attempts[0]?.why).toMatch(/the daemon stopped.*rollback not run: .*the daemon stopped/);
  await expect(world.submit(book([fn('late')]))).rejects.toMatchObject({ code: 'DRAINING' });
});

test('a late finisher of attempt 1 cannot complete attempt 2', async () => {
  const late = Promise.withResolvers<{ status: 'PASS' }>();
  const world = await World.open({ engine: { abandonMs: 5 } });
  let calls = 0;
  world.runner.fns.slow = () => (++calls === 1 ? late.promise : { status: 'PASS' });
  const made = book([{ ...fn('slow'), timeout_ms: 20 }]);
  const job = await world.run(made);
  expect(job.status).toBe('UNKNOWN');
  const id = job.spec.job_id;
  await world.engine.resolve(id, 'FAIL', 'bob', 'nothing had happened');
  const { grant_id } = await world.request(made, { anchor: job.spec.anchor });
  await world.engine.retry(id, grant_id, 'bob', 'again');
  expect(await world.engine.wait(id)).toEqual({ status: 'PASS', attempt_id: `${id}.2` });
  const size = world.ledger.head().size;
  late.resolve({ status: 'PASS' });
  await world.engine.drain();
  expect(world.ledger.head().size).toBe(size);
});
