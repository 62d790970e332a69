import type { z } from 'zod';
import { setTimeout as sleep } from 'node:timers/promises';
import { ScheduleSpec } from '../../contracts/estate.ts';
import type { JobStatus } from '../../contracts/job.ts';
import type { LedgerRecord } from '../../contracts/record.ts';
import { digestOf } from '../../daemon/digest.ts';
import type { Estate } from '../../daemon/ports/config.ts';
import type { JobView } from '../../daemon/ports/jobs.ts';
import { downtime } from '../../daemon/schedule/downtime.ts';
import { schedules } from '../../daemon/schedule/projection.ts';
import { Scheduler, type SchedulerDeps } from '../../daemon/schedule/scheduler.ts';
import { collect, newSigner, openTest, tempDir } from '../helpers/ledger.ts';
import { ManualClock } from '../helpers/manual-clock.ts';

export const START = Date.UTC(2026, 0, 2, 3, 4, 5);
export const HOUR = 3_600_000;
export const hour = (n: number): number => Date.UTC(2026, 0, 2, n);

/** As it stands in reeve.yaml: durations are text. */
type Spec = Partial<z.input<typeof ScheduleSpec>>;

/** Jobs that a test starts and ends by hand; one anchor is one job. */
class HandJobs {
  readonly started = new Map<string, { id: string; status: JobStatus; at: number }>();
  readonly cancelled: string[] = [];
  start(anchor: string): string {
    const known = this.started.get(anchor);
    if (known !== undefined) return known.id;
    const id = `job_${digestOf(anchor).slice(7, 39)}`;
    this.started.set(anchor, { id, status: 'RUNNING', at: this.started.size });
    return id;
  }
  end(id: string): void {
    for (const job of this.started.values()) if (job.id === id) job.status = 'PASS';
  }
  list = ({ status }: { status?: JobStatus } = {}): JobView[] =>
    [...this.started]
      .filter(([, job]) => status === undefined || job.status === status)
      .map(
        ([anchor, { id, at }]) =>
          ({ spec: { job_id: id, anchor: { kind: 'slot', id: anchor } }, queued_at: at }) as JobView,
      );
  cancel = async (id: string): Promise<void> => {
    this.cancelled.push(id);
    this.end(id);
  };
  wait: SchedulerDeps['jobs']['wait'] = async (id, signal) => {
    while (this.list({ status: 'RUNNING' }).some((job) => job.spec.job_id === id)) {
      signal?.throwIfAborted();
      await sleep(1);
    }
    return { status: 'PASS', attempt_id: `${id}.1` };
  };
}

export async function setUp(specs: Record<string, Spec>, fire?: SchedulerDeps['fire']) {
  const clock = new ManualClock(START);
  const dir = await tempDir();
  const { ledger, state } = await openTest(dir, newSigner(), { clock, projections: [schedules, downtime] });
  const jobs = new HandJobs();
  const fired: string[] = [];
  const warnings: string[] = [];
  const defaults = { runbook: 'self-restore', cron: '0 * * * *', project: 'reeve', env: 'local' };
  const config = {
    schedules: Object.fromEntries(
      Object.entries(specs).map(([name, spec]) => [name, ScheduleSpec.parse({ ...defaults, ...spec })]),
    ),
  };
  const make = (): Scheduler =>
    new Scheduler({
      clock,
      ledger,
      state,
      jobs,
      config: { current: () => ({ config }) as unknown as Estate },
      fire:
        fire ??
        (async (_name, _spec, anchor) => {
          fired.push(anchor.id);
          return { job_id: jobs.start(anchor.id) };
        }),
      warn: (what, error) => warnings.push(`${what}: ${String(error)}`),
    });
  const records = async (): Promise<LedgerRecord<'schedule.slot'>['body'][]> =>
    (await collect(ledger.read(0))).flatMap((r) => (r.type === 'schedule.slot' ? [r.body] : []));
  return { clock, ledger, state, jobs, fired, warnings, config, make, records };
}

/** Ticks once at the given time of the day. */
export async function tickAt(clock: ManualClock, scheduler: Scheduler, time: number): Promise<void> {
  await clock.advance(time - clock.now());
  await scheduler.tick();
  await scheduler.idle();
}
