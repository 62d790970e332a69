import { rm } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { isTerminal } from '../../contracts/job.ts';
import { systemClock } from '../../daemon/clock.ts';
import { jobsProjection } from '../../daemon/jobs/projection.ts';
import { locksProjection } from '../../daemon/jobs/locks.ts';
import type { Clock } from '../../daemon/ports/clock.ts';
import { crashesAt, errorsAt, explore, type Break } from '../crash/explore.ts';
import type { SimFs } from '../crash/simfs.ts';
import { tempDir } from '../helpers/ledger.ts';
import { TestRunner, book } from './parts.ts';
import { World } from './world.ts';

interface Told {
  home: string;
  /** What was acknowledged. */
  queued: string[];
  passed: string[];
  /** `job step`, in the order in which effects happened. */
  effects: string[];
}

/** Waiting costs nothing; timers that guard steps stay real. */
const clock: Clock = {
  ...systemClock,
  sleep: () => new Promise((resolve) => setImmediate(resolve)),
  after: (ms, fn) => systemClock.after(ms === 1000 ? 1 : ms, fn),
};
const anchor = (n: number) => ({ kind: 'slot', id: `nightly/${n}` }) as const;

const runnerFor = (told: Told): TestRunner => {
  const effect = (name: string) => (context: { spec: { job_id: string } }) => {
    told.effects.push(`${context.spec.job_id} ${name}`);
    return { status: 'PASS' as const };
  };
  return new TestRunner({
    one: effect('one'),
    two: effect('two'),
    bad: (context) => (effect('bad')(context), { status: 'FAIL', error_code: 'STEP_FAILED' }),
    undo: effect('undo'),
  });
};

const fn = (name: string) => ({ name, kind: 'fn' });
const good = book([fn('one'), fn('two')], { lock: 'shop' });
const bad = book([fn('bad'), { ...fn('undo'), on: 'failure' }], { lock: 'shop' });

async function start(fs: SimFs, told: Told): Promise<World> {
  const options = {
    home: told.home,
    clock,
    runner: runnerFor(told),
    ledgerFs: { fs, dir: '/ledger' },
    cold: true,
    // The lock of what a crash left UNKNOWN is free soon.
    engine: { leaseMs: 20 },
  };
  const world = await World.open(options);
  for (const { runbook } of [good, bad]) world.runbooks.set(runbook.front.runbook, runbook);
  await world.engine.start();
  return world;
}

/** Two jobs at once under one lock, waited for; ends by itself whatever fails. */
async function workload(fs: SimFs, told: Told): Promise<void> {
  let world: World | undefined;
  try {
    world = await start(fs, told);
    const jobs = [good, bad].map(async (made, n) => {
      if (world === undefined) return;
      const { job_id } = await world.engine.submit(await world.request(made, { anchor: anchor(n) }));
      told.queued.push(job_id);
      const { status } = await world.engine.wait(job_id);
      if (status === 'PASS') told.passed.push(job_id);
    });
    await Promise.allSettled(jobs);
  } catch {
    // The process died, or refused to start.
  } finally {
    await world?.engine.stop(0);
    await world?.ledger.close().catch(() => {});
  }
}

async function check(fs: SimFs, told: Told): Promise<void> {
  const before = [...told.effects];
  const world = await start(fs, told);
  try {
    const intents = await world.records('job.step.started');
    const said = new Set(intents.map(({ body }) => `${body.job_id} ${body.step}`));
    for (const effect of before) expect(said, 'no effect without a durable intent').toContain(effect);
    for (const id of told.queued) expect(world.engine.known(id), 'an acknowledged job is there').toBe(true);
    for (const id of told.passed) expect((await world.engine.get(id)).status).toBe('PASS');
    const all = world.engine.list();
    for (const { spec } of all) await world.engine.wait(spec.job_id);
    await world.engine.drain();
    expect(new Set(told.effects).size, 'nothing ran twice').toBe(told.effects.length);
    for (const { spec } of all) {
      const job = await world.engine.get(spec.job_id);
      expect(isTerminal(job.status)).toBe(true);
      // An intent without an outcome is shown as UNKNOWN, and only that.
      const open = job.attempts.some(({ steps }) => steps.some(({ status }) => status === 'UNKNOWN'));
      if (open) expect(job.status).toBe('UNKNOWN');
      expect(job.attempts).toHaveLength(1);
    }
    for (const { owner } of world.engine.locks()) {
      const job = await world.engine.get(owner);
      expect(job.status, 'only what is UNKNOWN keeps its lock').toBe('UNKNOWN');
    }
    const uses = (await world.records('grant.used')).map(({ body }) => body.gid);
    expect(new Set(uses).size).toBe(uses.length);
    const folds = [jobsProjection, locksProjection] as const;
    for (const fold of folds) {
      let state: unknown = fold.initial();
      for await (const record of world.ledger.read(0)) state = fold.apply(state as never, record);
      expect(world.state.get<unknown>(fold)).toEqual(state);
    }
  } finally {
    await world.engine.stop(0);
    await world.ledger.close();
    await rm(told.home, { recursive: true, force: true, maxRetries: 20 });
  }
}

const exploration = { log, workload, check };
let next = 0;
let base = '';
function log(): Told {
  return { home: `${base}/${next++}`, queued: [], passed: [], effects: [] };
}

/** One of the eight ways at each operation, in turn: each comes up many times. */
const oneOf = (at: number): Break[] => crashesAt(at).filter((_, i) => i === (at * 3) % 8);

test('the daemon dies at every operation of the ledger while jobs run: nothing acknowledged is lost, nothing runs twice', async () => {
  base = await tempDir('reeve-jobs-crash-');
  expect(await explore(exploration, oneOf, 11)).toBeGreaterThan(50);
}, 60_000);

test('the disk fails or is full at every operation: the same', async () => {
  base = await tempDir('reeve-jobs-errors-');
  const codes = ['ENOSPC', 'EIO'];
  expect(await explore(exploration, (at) => errorsAt(at, [codes[at % 2] ?? 'EIO']), 12)).toBeGreaterThan(30);
}, 60_000);
