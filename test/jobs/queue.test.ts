import { expect, test } from 'vitest';
import { codeOf } from './parts.ts';
import { TestRunner, book } from './parts.ts';
import { ManualClock } from '../helpers/manual-clock.ts';
import { World, aborted, latch, nonce, until } from './world.ts';

const fn = (name: string) => ({ name, kind: 'fn' });

test('the id is a pure function of plan and anchor', async () => {
  const world = await World.open({ cold: true });
  const { plan } = book([fn('one')]);
  const anchor = { kind: 'slot', id: 'nightly/2026-01-05T03:00Z' } as const;
  const id = world.engine.idOf(plan, anchor);
  expect(id).toMatch(/^job_[0-9a-f]{32}$/);
  expect(world.engine.idOf(structuredClone(plan), { ...anchor })).toBe(id);
  expect(world.engine.idOf(plan, { ...anchor, id: 'nightly/2026-01-06T03:00Z' })).not.toBe(id);
  const { project, env, action, targets, inputs, config_version, runbook_digest, runbook } = plan;
  for (const changed of [
    { project: `${project}2` },
    { env: `${env}2` },
    { action: `${action}2` },
    { targets: { ...targets, to: 'v2' } },
    { inputs: { ...inputs, a: 1 } },
    { config_version: runbook_digest },
    { runbook_digest: config_version },
    { runbook: `${runbook}2` },
  ])
    expect(world.engine.idOf({ ...plan, ...changed }, anchor), JSON.stringify(changed)).not.toBe(id);
});

test('the same anchor fifty times at once, and again after a restart, is one job', async () => {
  const world = await World.open();
  const made = book([fn('one')]);
  const request = await world.request(made, { anchor: { kind: 'delivery', id: 'abc' } });
  const all = await Promise.all(Array.from({ length: 50 }, () => world.engine.submit(request)));
  expect(new Set(all.map(({ job_id }) => job_id)).size).toBe(1);
  expect(all.filter(({ existing }) => !existing)).toHaveLength(1);
  await world.engine.wait(all[0]?.job_id ?? '');
  expect(world.runner.ran).toEqual(['one']);
  expect(await world.records('job.queued')).toHaveLength(1);
  await world.close();
  const next = await world.restart();
  expect(await next.engine.submit(request)).toEqual({ job_id: all[0]?.job_id, existing: true });
  expect(next.runner.ran).toEqual([]);
});

test('no more run at once than the limit, in the order they came', async () => {
  const gate = latch();
  let now = 0;
  let most = 0;
  const runner = new TestRunner({
    one: async () => {
      most = Math.max(most, ++now);
      await gate.promise;
      now -= 1;
      return { status: 'PASS' };
    },
  });
  const world = await World.open({ runner, limits: { concurrent_jobs: 2 } });
  const ids = [];
  for (let i = 0; i < 5; i++) ids.push(await world.submit(book([fn('one')])));
  await until(() => now === 2);
  expect(world.engine.counts()).toEqual({ running: 2, queued: 3, unknown: 0 });
  gate.open();
  await Promise.all(ids.map((id) => world.engine.wait(id)));
  expect(most).toBe(2);
  const begun = (await world.records('job.attempt')).filter(({ body }) => body.attempt.status === 'RUNNING');
  // Two that start at the same time are recorded as their folders and logs are ready; nobody is overtaken by more than that.
  for (const [at, { body }] of begun.entries())
    expect(Math.abs(at - ids.indexOf(body.attempt.job_id))).toBeLessThan(2);
});

test('a full queue refuses, and nothing is recorded', async () => {
  const gate = latch();
  const runner = new TestRunner({ one: async () => (await gate.promise, { status: 'PASS' }) });
  const world = await World.open({ runner, limits: { concurrent_jobs: 1, queue: 1 } });
  await world.submit(book([fn('one')]));
  await until(() => world.engine.counts().running === 1);
  await world.submit(book([fn('one')]));
  await expect(world.submit(book([fn('one')]))).rejects.toMatchObject({ code: 'QUEUE_FULL' });
  expect(await world.records('job.queued')).toHaveLength(2);
  gate.open();
  await world.engine.drain();
});

test('a job that waits for its lock keeps nobody else waiting, and gets it in turn', async () => {
  const gate = latch();
  const order: string[] = [];
  const runner = new TestRunner({
    hold: async ({ spec }) => {
      order.push(JSON.stringify(spec.inputs.n));
      if (spec.inputs.n === 1) await gate.promise;
      return { status: 'PASS' };
    },
  });
  const world = await World.open({ runner });
  const locked = (n: number) => book([fn('hold')], { lock: 'shop/staging', inputs: { n } });
  const a = await world.submit(locked(1));
  await until(() => order.length === 1);
  const b = await world.submit(locked(2));
  const c = await world.submit(locked(3));
  await world.run(book([fn('free')]));
  expect(world.engine.locks()).toMatchObject([{ lock: 'shop/staging', owner: `${a}.1`, reason: 'a test' }]);
  expect(order).toEqual(['1']);
  gate.open();
  await Promise.all([a, b, c].map((id) => world.engine.wait(id)));
  expect(order).toEqual(['1', '2', '3']);
  await world.engine.drain();
  expect(world.engine.locks()).toEqual([]);
});

test('on_conflict refuse: the refusal names owner, since and reason, also for one that only waits', async () => {
  const gate = latch();
  const runner = new TestRunner({ hold: async () => (await gate.promise, { status: 'PASS' }) });
  const world = await World.open({ runner });
  const made = book([fn('hold')], { lock: 'shop/staging', on_conflict: 'refuse' });
  const requests = await Promise.all([world.request(made), world.request(made)]);
  const both = await Promise.allSettled(requests.map((request) => world.engine.submit(request)));
  const refusals = both.filter((one) => one.status === 'rejected').map((one) => String(one.reason));
  expect(refusals).toHaveLength(1);
  const id = both.find((one) => one.status === 'fulfilled')?.value.job_id ?? '';
  expect(refusals[0]).toContain(`shop/staging is held by ${id}.1 since 20`);
  await expect(world.engine.precheck(made.plan)).rejects.toMatchObject({ code: 'LOCK_HELD' });
  gate.open();
  await world.engine.wait(id);
  await world.engine.drain();
  await world.run(made);
});

test('a stolen lock stops the attempt that had it: no further step, no rollback', async () => {
  let signal: AbortSignal | undefined;
  const runner = new TestRunner({
    hold: async (context) => {
      signal = context.signal;
      await aborted(context.signal);
      return { status: 'FAIL', why: 'stopped' };
    },
  });
  const world = await World.open({ runner });
  const steps = [fn('hold'), fn('next'), { ...fn('undo'), on: 'failure' as const }];
  const id = await world.submit(book(steps, { lock: 'shop/staging' }));
  await until(() => signal !== undefined);
  await world.engine.stealLock('shop/staging', 'bob', 'it hangs');
  expect(await world.engine.wait(id)).toMatchObject({ status: 'CANCELLED' });
  const { attempts } = await world.engine.get(id);
  expect(attempts[0]?.record.error_code).toBe('LOCK_STOLEN');
  expect(attempts[0]?.why).toContain('was taken from this attempt by bob: it hangs');
  expect(attempts[0]?.why).toContain('rollback not run: The lock');
  expect(runner.ran).toEqual(['hold']);
  await expect(world.engine.stealLock('shop/staging', 'bob', 'x')).rejects.toMatchObject({
    code: 'LOCK_NOT_FOUND',
  });
});

test('a lease is renewed while its attempt runs', async () => {
  const clock = new ManualClock();
  const gate = latch();
  const runner = new TestRunner({ hold: async () => (await gate.promise, { status: 'PASS' }) });
  const world = await World.open({ clock, runner, engine: { leaseMs: 60_000 } });
  const id = await world.submit(book([fn('hold')], { lock: 'shop/staging' }));
  await until(() => runner.ran.length === 1);
  const before = world.engine.locks()[0];
  await clock.advance(30_000);
  await world.ledger.settled();
  const after = world.engine.locks()[0];
  expect(after?.since).toBe(before?.since);
  expect(after?.lease_until).toBe((before?.lease_until ?? 0) + 30_000);
  gate.open();
  await world.engine.wait(id);
});

test('a gate is closed until its producer passed here and in time', async () => {
  const clock = new ManualClock();
  const world = await World.open({ clock });
  const needs = [{ runbook: 'backup', status: 'PASS' as const, within_ms: 24 * 3_600_000 }];
  const consumer = book([fn('restore')], { runbook: 'restore', needs });
  const refusal = await world.submit(consumer).catch((error: unknown) => error);
  expect(codeOf(refusal)).toBe('GATE_CLOSED');
  expect(String(refusal)).toContain(
    'restore needs a PASS of backup on shop/staging within 1d; there is none',
  );
  world.runner.fns.fails = () => ({ status: 'FAIL' });
  await world.run(book([fn('fails')], { runbook: 'backup' }));
  await expect(world.submit(consumer)).rejects.toMatchObject({ code: 'GATE_CLOSED' });
  await world.run(book([fn('copy')], { runbook: 'backup', env: 'prod' }));
  await expect(world.submit(consumer)).rejects.toMatchObject({ code: 'GATE_CLOSED' });
  await world.run(book([fn('copy')], { runbook: 'backup' }));
  expect((await world.run(consumer)).status).toBe('PASS');
  await clock.advance(24 * 3_600_000 + 1);
  await expect(world.submit(consumer)).rejects.toMatchObject({ code: 'GATE_CLOSED' });
  expect(
    (await world.records('job.queued')).filter(({ body }) => body.job.runbook === 'restore'),
  ).toHaveLength(1);
});

test('an artifact is readable once an attempt that made it is PASS', async () => {
  let verdict: 'PASS' | 'FAIL' = 'FAIL';
  let made = '';
  const runner = new TestRunner({
    make: async ({ services }) => {
      const ref = await services.putArtifact(Buffer.from('a backup'), { mediaType: 'text/plain' });
      made = ref.digest ?? '';
      return { status: 'PASS', artifacts: [ref] };
    },
    check: async () => {
      await expect(world.engine.requireReadable(made)).rejects.toMatchObject({ code: 'ARTIFACT_GATED' });
      return { status: verdict };
    },
  });
  const world: World = await World.open({ runner });
  const producer = book([fn('make'), fn('check')]);
  expect((await world.run(producer)).attempts[0]?.artifacts).toHaveLength(1);
  await expect(world.engine.requireReadable(made)).rejects.toThrow(/belongs to an attempt that is FAIL/);
  verdict = 'PASS';
  expect((await world.run(producer)).status).toBe('PASS');
  await world.engine.requireReadable(made);
  await world.engine.requireReadable(`sha256:${'0'.repeat(64)}`);
});

test('paused: nothing new is admitted and what waits does not start; resumed: it does', async () => {
  const gate = latch();
  const runner = new TestRunner({ one: async () => (await gate.promise, { status: 'PASS' }) });
  const world = await World.open({ runner, limits: { concurrent_jobs: 1 } });
  const a = await world.submit(book([fn('one')]));
  const b = await world.submit(book([fn('two')]));
  await until(() => runner.ran.length === 1);
  await world.work.pause('bob', 'maintenance', true);
  await expect(world.submit(book([fn('three')]))).rejects.toMatchObject({ code: 'DRAINING' });
  gate.open();
  await world.engine.wait(a);
  await world.engine.drain();
  expect(runner.ran).toEqual(['one']);
  await world.work.resume('bob', 'done');
  expect((await world.engine.wait(b)).status).toBe('PASS');
});

test('cancelling a job that waits ends it without running', async () => {
  const gate = latch();
  const runner = new TestRunner({ one: async () => (await gate.promise, { status: 'PASS' }) });
  const world = await World.open({ runner, limits: { concurrent_jobs: 1 } });
  await world.submit(book([fn('one')]));
  const b = await world.submit(book([fn('two')]));
  await world.engine.cancel(b, 'bob', 'not needed');
  expect(await world.engine.wait(b)).toEqual({ status: 'CANCELLED', attempt_id: `${b}.1` });
  gate.open();
  await world.engine.drain();
  expect(runner.ran).toEqual(['one']);
});

test('a person may retry what failed, with a grant of its own, not what passed', async () => {
  let fine = false;
  const runner = new TestRunner({ one: () => ({ status: fine ? 'PASS' : 'FAIL' }) });
  const world = await World.open({ runner });
  const made = book([fn('one')]);
  const job = await world.run(made);
  fine = true;
  const { grant_id } = await world.request(made, { anchor: job.spec.anchor });
  const id = job.spec.job_id;
  const twice = await Promise.allSettled([
    world.engine.retry(id, grant_id, 'bob', 'fixed'),
    world.engine.retry(id, grant_id, 'bob', 'fixed'),
  ]);
  expect(twice.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
  expect(await world.engine.wait(id)).toEqual({ status: 'PASS', attempt_id: `${id}.2` });
  const { attempts } = await world.engine.get(id.slice(0, 16));
  expect(attempts[1]?.record.correlation_ids?.grant_id).toBe(grant_id);
  await expect(world.engine.retry(id, grant_id, 'bob', 'again')).rejects.toMatchObject({
    code: 'JOB_NOT_RETRYABLE',
  });
});

test('list: newest first, by status, project and runbook', async () => {
  const world = await World.open();
  const a = await world.run(book([fn('one')]), { anchor: nonce() });
  const b = await world.run(book([fn('one')], { runbook: 'other' }));
  world.runner.fns.bad = () => ({ status: 'FAIL' });
  const c = await world.run(book([fn('bad')]));
  const ids = (filter?: Parameters<World['engine']['list']>[0]) =>
    world.engine.list(filter).map(({ spec }) => spec.job_id);
  const [first, second, third] = [a, b, c].map(({ spec }) => spec.job_id);
  expect(ids()).toEqual([third, second, first]);
  expect(ids({ limit: 1 })).toEqual([third]);
  expect(ids({ status: 'PASS' })).toEqual([second, first]);
  expect(ids({ runbook: 'other' })).toEqual([second]);
  expect(ids({ project: 'nothing' })).toEqual([]);
  await expect(world.engine.get('job_12345678')).rejects.toMatchObject({ code: 'JOB_NOT_FOUND' });
  await expect(world.engine.get('../../etc')).rejects.toMatchObject({ code: 'JOB_NOT_FOUND' });
});
