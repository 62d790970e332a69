import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { EstateConfig } from '../contracts/estate.ts';
import { ScheduleSpec } from '../contracts/estate.ts';
import { nodeFs } from '../daemon/fs.ts';
import { openLedger } from '../daemon/ledger/index.ts';
import type { FileLedger } from '../daemon/ledger/ledger.ts';
import type { Estate } from '../daemon/ports/config.ts';
import { schedules } from '../daemon/schedule/projection.ts';
import { Scheduler } from '../daemon/schedule/scheduler.ts';
import { StateHost } from '../daemon/state/host.ts';
import { ManualClock } from '../test/helpers/manual-clock.ts';
import { newSigner } from './ledger.ts';
import type { Bench } from './types.ts';

const COUNT = 10_000;
/** Ticks that are measured: ten minutes, in which a sixth of all schedules become due. */
const TICKS = 600;
/** One per cent of a core between two ticks of a second, ms. */
const LIMIT = 10;

let scheduler: Scheduler | undefined;
let clock: ManualClock | undefined;
let ledger: FileLedger | undefined;
let dir = '';

function complain(what: string, error: unknown): void {
  throw new Error(what, { cause: error });
}

const ticks: Bench = {
  name: `due() for ${COUNT} schedules, CPU per tick (reference: 1 % of a core)`,
  unit: 'ms',
  goal: 1,
  better: 'lower',
  runs: 3,
  async setup() {
    const time = (clock = new ManualClock(Date.UTC(2026, 0, 2, 3, 0, 1)));
    dir = await mkdtemp(join(tmpdir(), 'reeve-bench-'));
    const fold = new StateHost([schedules]);
    ledger = await openLedger({
      dir,
      fs: nodeFs,
      clock: time,
      signer: newSigner(),
      fold,
      version: 'bench',
      warn: complain,
    });
    const all: EstateConfig['schedules'] = {};
    for (let n = 0; n < COUNT; n++)
      all[`s${n}`] = ScheduleSpec.parse({
        runbook: 'nightly',
        cron: `${n % 60} * * * *`,
        timezone: n % 2 === 0 ? 'UTC' : 'Europe/Berlin',
        project: 'bench',
        env: 'dev',
        overlap: 'allow',
      });
    const estate = { config: { schedules: all } } as unknown as Estate;
    scheduler = new Scheduler({
      clock: time,
      ledger,
      state: fold,
      config: { current: () => estate },
      jobs: { list: () => [], cancel: () => Promise.resolve(), wait: () => new Promise(() => undefined) },
      fire: () => Promise.resolve({ job_id: `job_${'0'.repeat(32)}` }),
      warn: complain,
    });
    await scheduler.start();
  },
  async ours() {
    if (scheduler === undefined || clock === undefined) throw new Error('setup() has not run');
    const before = process.cpuUsage();
    for (let n = 0; n < TICKS; n++) {
      await clock.advance(1000);
      await scheduler.tick();
    }
    await scheduler.idle();
    const { user, system } = process.cpuUsage(before);
    return (user + system) / 1000 / TICKS;
  },
  reference: () => Promise.resolve(LIMIT),
  async teardown() {
    await scheduler?.stop();
    await ledger?.close();
    await rm(dir, { recursive: true, force: true });
  },
};
export const benches: Bench[] = [ticks];
