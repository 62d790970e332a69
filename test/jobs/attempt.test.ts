import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { book } from './parts.ts';
import { World, until } from './world.ts';
import { TestRunner } from './parts.ts';

test('a job runs its steps with durable intents and outcomes, in order, and leaves no folder behind', async () => {
  const world = await World.open();
  const job = await world.run(
    book([
      { name: 'one', script: 'echo one > "$REEVE_SCRATCH/x"; echo hello' },
      { name: 'two', script: 'cat "$REEVE_SCRATCH/x"; echo bad >&2' },
    ]),
  );
  expect(job.status).toBe('PASS');
  expect(job.attempts[0]?.steps.map(({ name, status }) => [name, status])).toEqual([
    ['one', 'PASS'],
    ['two', 'PASS'],
  ]);
  const records = await world.records('job.queued', 'job.attempt', 'job.step.started', 'job.step.finished');
  expect(records.map(({ type }) => type)).toEqual([
    'job.queued',
    'job.attempt',
    'job.step.started',
    'job.step.finished',
    'job.step.started',
    'job.step.finished',
    'job.attempt',
  ]);
  const lines = await world.engine.logs(job.spec.job_id);
  expect(lines.filter(({ stream }) => stream !== 'reeve')).toEqual([
    { t: expect.any(Number), step: 'one', stream: 'stdout', line: 'hello' },
    { t: expect.any(Number), step: 'two', stream: 'stdout', line: 'one' },
    { t: expect.any(Number), step: 'two', stream: 'stderr', line: 'bad' },
  ]);
  await world.engine.drain();
  expect(await readdir(join(world.home, 'engine', 'scratch'))).toEqual([]);
  expect(await readdir(join(world.home, 'engine', 'logs'))).toEqual([]);
  expect(world.live.flatMap((event) => event.lines)).toContain('hello');
});

test('a scratch folder that somebody tidied up is made again: no job waits for a restart', async () => {
  const world = await World.open();
  await rm(join(world.home, 'engine', 'scratch'), { recursive: true });
  await rm(join(world.home, 'engine', 'logs'), { recursive: true });
  const job = await world.run(book([{ name: 'one', script: 'pwd' }]));
  expect(job.status).toBe('PASS');
  expect(world.warnings).toEqual([]);
});

test('each step leaves a trajectory line that cites file, line, words, grant and record', async () => {
  const world = await World.open({ secrets: { token: 'hunter2hunter2' } });
  const made = book([{ name: 'one', script: 'echo hunter2hunter2\necho done' }], { secrets: ['token'] });
  const job = await world.run(made);
  const [line] = world.trajectory;
  const [finished] = await world.records('job.step.finished');
  const issued = await world.records('grant.issued');
  expect(line).toMatchObject({ agent: 'reeve', action: 'run-one/one (sh) on shop/staging' });
  expect(line?.grounding).toEqual({
    source: 'runbooks/run-one.md:L10',
    quote: 'echo [redacted]\necho done',
    digest: made.runbook.digest,
    job_id: job.spec.job_id,
    attempt_id: `${job.spec.job_id}.1`,
    step: 'one',
    grant_id: issued.find(({ body }) => body.how === 'child')?.body.grant.gid,
    ledger_seq: finished?.seq,
  });
  expect(JSON.stringify(await world.engine.logs(job.spec.job_id))).not.toContain('hunter2');
});

test('a failure runs the rollback in order, then what always runs, and the job is FAIL', async () => {
  const world = await World.open();
  const job = await world.run(
    book([
      { name: 'one' },
      { name: 'two', script: 'exit 3' },
      { name: 'three' },
      { name: 'undo-a', on: 'failure' },
      { name: 'undo-b', on: 'failure' },
      { name: 'tidy', on: 'always' },
    ]),
  );
  expect(job.status).toBe('FAIL');
  expect(world.runner.ran).toEqual(['one', 'two', 'undo-a', 'undo-b', 'tidy']);
  expect(job.attempts[0]).toMatchObject({ why: 'two: exit 3', record: { error_code: 'STEP_FAILED' } });
  expect(job.attempts[0]?.steps.find(({ name }) => name === 'three')?.status).toBe('SKIPPED');
});

test('a rollback stops where it fails, and the outcome says so', async () => {
  const world = await World.open();
  const job = await world.run(
    book(
      [
        { name: 'one', script: 'exit 1' },
        { name: 'undo-a', on: 'failure', script: 'exit 2' },
        { name: 'undo-b', on: 'failure' },
        { name: 'tidy', on: 'always' },
      ],
      { retries: 1 },
    ),
  );
  expect(world.runner.ran).toEqual(['one', 'undo-a', 'tidy']);
  expect(job.attempts).toHaveLength(1);
  expect(job.attempts[0]?.why).toBe('one: exit 1; rollback failed at undo-a: exit 2');
});

test('a step that takes too long has its process group killed and is TIMED_OUT', async () => {
  const world = await World.open();
  const script = 'sleep 600 & sleep 600 & wait';
  const job = await world.run(
    book([
      { name: 'slow', script, timeout_ms: 50 },
      { name: 'undo', on: 'failure' },
    ]),
  );
  expect(job.status).toBe('TIMED_OUT');
  expect(job.attempts[0]?.record.error_code).toBe('STEP_TIMED_OUT');
  expect(world.runner.ran).toEqual(['slow', 'undo']);
});

test('a job that takes too long as a whole is TIMED_OUT and rolled back', async () => {
  const world = await World.open();
  const job = await world.run(
    book(
      [
        { name: 'slow', script: 'sleep 600' },
        { name: 'undo', on: 'failure' },
      ],
      { timeout_ms: 50 },
    ),
  );
  expect(job.status).toBe('TIMED_OUT');
  expect(job.attempts[0]?.record.error_code).toBe('JOB_TIMED_OUT');
  expect(world.runner.ran).toEqual(['slow', 'undo']);
});

test('a failed attempt is tried again as a new attempt with a new fence', async () => {
  let calls = 0;
  const runner = new TestRunner({
    flaky: () =>
      ++calls === 1 ? { status: 'FAIL', error_code: 'STEP_FAILED', why: 'once' } : { status: 'PASS' },
  });
  const world = await World.open({ runner });
  const job = await world.run(book([{ name: 'flaky', kind: 'fn' }], { retries: 2, retry_delay: '1ms' }));
  expect(job.status).toBe('PASS');
  expect(job.attempts.map(({ record, fence }) => [record.attempt_id, record.status, fence])).toEqual([
    [`${job.spec.job_id}.1`, 'FAIL', 1],
    [`${job.spec.job_id}.2`, 'PASS', 2],
  ]);
});

test('what was refused is not tried again', async () => {
  const runner = new TestRunner({
    one: () => ({ status: 'FAIL', error_code: 'ADDRESS_REFUSED', why: 'metadata address' }),
  });
  const world = await World.open({ runner });
  const job = await world.run(book([{ name: 'one', kind: 'fn' }], { retries: 2, retry_delay: '1ms' }));
  expect(job.attempts.map(({ record }) => [record.status, record.retryable])).toEqual([['FAIL', false]]);
});

test('cancel ends the running step, runs the rollback, and names who asked', async () => {
  const world = await World.open();
  const id = await world.submit(
    book([
      { name: 'long', script: 'echo begun; sleep 600' },
      { name: 'next' },
      { name: 'undo', on: 'failure' },
    ]),
  );
  await until(() => world.live.some(({ lines }) => lines.includes('begun')));
  await world.engine.cancel(id, 'bob', 'wrong version');
  expect(await world.engine.wait(id)).toEqual({ status: 'CANCELLED', attempt_id: `${id}.1` });
  const job = await world.engine.get(id);
  expect(world.runner.ran).toEqual(['long', 'undo']);
  expect(job.attempts[0]?.why).toBe('long: The job was cancelled by bob: wrong version.');
  await expect(world.engine.cancel(id, 'bob', 'again')).rejects.toMatchObject({ code: 'JOB_NOT_RUNNING' });
});

test('a step that prints too much is stopped', async () => {
  const world = await World.open({ limits: { output_bytes: 4096 } });
  const job = await world.run(book([{ name: 'loud', script: 'yes' }]));
  expect(job.status).toBe('FAIL');
  expect(job.attempts[0]?.record.error_code).toBe('STEP_OUTPUT_LIMIT');
  expect(JSON.stringify(await world.engine.logs(job.spec.job_id)).length).toBeLessThan(200_000);
});

test('a step that does not stop when told to leaves the attempt UNKNOWN, and nothing runs beside it', async () => {
  const never = new Promise<never>(() => {});
  const runner = new TestRunner({ deaf: () => never });
  const world = await World.open({ runner, engine: { abandonMs: 20 } });
  const job = await world.run(
    book(
      [
        { name: 'deaf', kind: 'fn', timeout_ms: 20 },
        { name: 'undo', on: 'failure' },
        { name: 'tidy', on: 'always' },
      ],
      { lock: 'shop/staging' },
    ),
  );
  expect(job.status).toBe('UNKNOWN');
  expect(runner.ran).toEqual(['deaf']);
  expect(job.attempts[0]?.record).toMatchObject({ error_code: 'JOB_UNKNOWN', retryable: false });
  expect(job.attempts[0]?.why).toContain('rollback not run: a step did not stop');
  await world.engine.drain();
  expect(world.engine.locks()).toMatchObject([{ lock: 'shop/staging', owner: `${job.spec.job_id}.1` }]);
  expect(world.engine.counts().unknown).toBe(1);
  await world.engine.resolve(job.spec.job_id, 'FAIL', 'bob', 'looked at it');
  expect(world.engine.locks()).toEqual([]);
  expect(world.engine.counts().unknown).toBe(0);
  await expect(world.engine.resolve(job.spec.job_id, 'PASS', 'bob', 'no')).rejects.toMatchObject({
    code: 'JOB_NOT_UNKNOWN',
  });
});

test('outputs of a step reach the next one whole and the record redacted', async () => {
  let seen: unknown;
  const runner = new TestRunner({
    make: () => ({ status: 'PASS', outputs: { url: 'https://x', key: 'hunter2hunter2' } }),
    use: (context) => {
      seen = context.outputs.make;
      return { status: 'PASS' };
    },
  });
  const world = await World.open({ runner, secrets: { token: 'hunter2hunter2' } });
  const job = await world.run(
    book(
      [
        { name: 'make', kind: 'fn' },
        { name: 'use', kind: 'fn' },
      ],
      { secrets: ['token'] },
    ),
  );
  expect(seen).toEqual({ url: 'https://x', key: 'hunter2hunter2' });
  expect(job.attempts[0]?.outputs).toEqual({ url: 'https://x', key: '[redacted]' });
});
