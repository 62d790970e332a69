import { expect, test } from 'vitest';
import { ALL, bad, day, hangs } from './gameday-parts.ts';
import { TestRunner } from './parts.ts';
import { World, until } from './world.ts';

test('steady state, method, rollback, steady state again: all pass, and each stands in the record with its phase', async () => {
  const runner = new TestRunner();
  const world = await World.open({ runner });
  const job = await world.run(day());
  expect(job.status).toBe('PASS');
  expect(runner.ran).toEqual(ALL);
  const started = await world.records('job.step.started');
  expect(started.map(({ body }) => body.phase ?? '-')).toEqual([
    'steady',
    'method',
    'method',
    'rollback',
    'rollback',
    'again',
    '-',
  ]);
});

test('the method is refused while the steady state does not hold; nothing is put back, for nothing was disturbed', async () => {
  const runner = new TestRunner({ healthy: bad('3 of 5 answer') });
  const world = await World.open({ runner });
  const job = await world.run(day());
  expect([job.status, job.attempts[0]?.record.error_code]).toEqual(['FAIL', 'GAMEDAY_NOT_STEADY']);
  expect(job.attempts[0]?.why).toContain('healthy: 3 of 5 answer');
  expect(runner.ran).toEqual(['healthy', 'tidy']);
});

test('a method that fails, and a check in it that itself breaks, are rolled back and asked about', async () => {
  for (const observe of [
    bad('the queue grew'),
    () => {
      throw new TypeError('undefined is not a function');
    },
  ]) {
    const runner = new TestRunner({ observe });
    const world = await World.open({ runner });
    const job = await world.run(day());
    expect(job.status).toBe('FAIL');
    expect(runner.ran).toEqual(ALL);
    expect(job.attempts[0]?.why).toMatch(/^observe: (the queue grew|.*undefined is not a function)/);
  }
});

test('each step of the rollback runs, also after one that failed, and a state that stays broken is said first', async () => {
  let asked = 0;
  const runner = new TestRunner({
    observe: bad('the queue grew'),
    restore: bad('no such container'),
    healthy: () => ({ status: ++asked === 1 ? 'PASS' : 'FAIL' }),
    'healthy-again': bad('0 of 5 answer'),
  });
  const world = await World.open({ runner });
  const job = await world.run({ ...day(), plan: { ...day().plan, retries: 3 } });
  expect(runner.ran).toEqual(ALL);
  expect([job.status, job.attempts.length, job.attempts[0]?.record.error_code]).toEqual([
    'FAIL',
    1,
    'GAMEDAY_NOT_RECOVERED',
  ]);
  expect(job.attempts[0]?.why).toMatch(
    /not hold again after the rollback: healthy-again: 0 of 5 answer.*observe: the queue grew; rollback failed at restore: no such container/,
  );
});

test('the outputs of the steady state asked again take the place of the first ones', async () => {
  const seen: unknown[] = [];
  const runner = new TestRunner({
    healthy: () => ({ status: 'PASS', outputs: { answer: 'before' } }),
    'healthy-again': ({ outputs }) => {
      seen.push(outputs['healthy']);
      return { status: 'PASS', outputs: { answer: 'after' } };
    },
    tidy: ({ outputs }) => {
      seen.push(outputs['healthy']);
      return { status: 'PASS' };
    },
  });
  const world = await World.open({ runner });
  expect((await world.run(day())).status).toBe('PASS');
  expect(seen).toEqual([{ answer: 'before' }, { answer: 'after' }]);
});

const ENDINGS: Record<string, (world: World, job: string, grant: string) => Promise<unknown>> = {
  cancel: (world, job) => world.engine.cancel(job, 'olga', 'enough'),
  'a halt of everything': (world) => world.work.halt('all', 'olga', 'smoke'),
  'a revoked grant': (world, _job, grant) => world.grants.revoke({ gid: grant }, 'olga', 'not so'),
};

for (const [what, end] of Object.entries(ENDINGS)) {
  test(`${what} in mid-method ends the method, and the rollback runs all the same`, async () => {
    const runner = new TestRunner({ disturb: hangs });
    const world = await World.open({ runner });
    const request = await world.request(day());
    const { job_id } = await world.engine.submit(request);
    await until(() => runner.ran.includes('disturb'));
    await end(world, job_id, request.grant_id);
    const { status } = await world.engine.wait(job_id);
    expect(status).toBe('CANCELLED');
    expect(runner.ran.filter((name) => name !== 'tidy')).toEqual([
      'healthy',
      'disturb',
      'restore',
      'confirm',
      'healthy-again',
    ]);
    const finished = await world.records('job.step.finished');
    expect(finished.filter(({ body }) => body.status === 'PASS').map(({ body }) => body.step)).toEqual(
      expect.arrayContaining(['restore', 'confirm', 'healthy-again']),
    );
  });
}

test('a method that runs out of time is rolled back, and one that does not stop is, too', async () => {
  const late = new TestRunner({ disturb: hangs });
  const first = await World.open({ runner: late });
  const slow = day();
  slow.plan.steps = slow.plan.steps.map((step) =>
    step.name === 'disturb' ? { ...step, timeout_ms: 30 } : step,
  );
  expect((await first.run(slow)).status).toBe('TIMED_OUT');
  expect(late.ran).toEqual(ALL.filter((name) => name !== 'observe'));

  const deaf = new TestRunner({ disturb: () => new Promise(() => {}) });
  const second = await World.open({ runner: deaf, engine: { abandonMs: 20 } });
  const request = await second.request(day());
  const { job_id } = await second.engine.submit(request);
  await until(() => deaf.ran.includes('disturb'));
  await second.engine.cancel(job_id, 'olga', 'enough');
  expect((await second.engine.wait(job_id)).status).toBe('UNKNOWN');
  expect(deaf.ran).toEqual(['healthy', 'disturb', 'restore', 'confirm', 'healthy-again']);
});

test('who took the lock away has taken over: then nothing is put back from here, and the record says so', async () => {
  const runner = new TestRunner({ disturb: hangs });
  const world = await World.open({ runner });
  const made = day();
  const id = await world.submit({ ...made, plan: { ...made.plan, lock: 'shop/staging' } });
  await until(() => runner.ran.includes('disturb'));
  await world.engine.stealLock('shop/staging', 'olga', 'mine now');
  await world.engine.wait(id);
  expect(runner.ran).not.toContain('restore');
  expect((await world.engine.get(id)).attempts[0]?.why).toContain('rollback not run: The lock');
});
