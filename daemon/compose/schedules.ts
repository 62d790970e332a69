import type { Unattended } from '../ports/unattended.ts';
import { fail } from '../../contracts/errors.ts';
import type { Alerts } from '../ports/alerts.ts';
import type { Config } from '../ports/config.ts';
import type { Jobs } from '../ports/jobs.ts';
import type { ScheduleRow, Schedules } from '../ports/schedules.ts';
import { Scheduler } from '../schedule/index.ts';
import { settleAlarms } from '../schedule/alarms.ts';
import { downtime } from '../schedule/downtime.ts';
import { isKept, slotsBefore } from '../schedule/history.ts';
import { schedules, scheduleState } from '../schedule/projection.ts';
import { suggest } from '../suggest.ts';
import type { Store } from './store.ts';

interface ScheduleContext {
  store: Pick<Store, 'clock' | 'ledger' | 'state'>;
  config: Config;
  jobs: Jobs;
  admit(ask: Unattended): Promise<{ job_id: string }>;
  warn(what: string, error: unknown): void;
}

/** How often it is looked whether a schedule slipped or grew too old, ms. */
const ALARM_EVERY = 30_000;

/** The scheduler under its mandates. */
export function openScheduler({ store, config, jobs, admit, warn }: ScheduleContext): Scheduler {
  const { clock, ledger, state } = store;
  return new Scheduler({
    clock,
    ledger,
    state,
    config,
    jobs,
    warn,
    fire: (name, spec, anchor) =>
      admit({
        mandate: `schedule:${name}`,
        via: 'schedule',
        runbook: spec.runbook,
        project: spec.project,
        env: spec.env,
        inputs: spec.inputs,
        anchor,
        reason: `schedule ${name}`,
      }),
  });
}

/** The schedules as actions see them. */
export function scheduleService(scheduler: Scheduler, { store, config }: ScheduleContext): Schedules {
  const list = (): ScheduleRow[] =>
    Object.entries(config.current().config.schedules).map(([name, spec]) => {
      const known = scheduleState(store.state.get(schedules), name);
      const last = known?.recent.at(-1);
      const { runbook, cron, timezone, project, env, max_age = null } = spec;
      return {
        name,
        runbook,
        cron,
        timezone,
        project,
        env,
        last_slot: last?.slot ?? null,
        last_outcome: last?.outcome ?? null,
        next: scheduler.next(name),
        paused: known?.paused ?? null,
        passed: known?.passed ?? null,
        max_age,
      };
    });
  const get = (name: string): ScheduleRow => {
    const found = list().find((row) => row.name === name);
    if (found !== undefined) return found;
    const names = Object.keys(config.current().config.schedules);
    const near = suggest(name, names);
    throw fail('SCHEDULE_UNKNOWN', {
      schedule: name,
      help: near === undefined ? '`reeve schedule list` shows them.' : `Did you mean ${near}?`,
    });
  };
  return {
    list,
    get,
    slots: (name, from, count) => scheduler.slots(get(name).name, from, count) ?? [],
    async history(name, asked) {
      const { limit, before = Infinity } = asked;
      const row = get(name);
      if (!isKept(asked)) return slotsBefore(store.ledger, row.name, before, limit);
      const recent = scheduleState(store.state.get(schedules), row.name)?.recent ?? [];
      return recent.slice(-limit).toReversed();
    },
    pause: async (name, by, reason) => scheduler.pause(get(name).name, by, reason),
    resume: async (name, by, reason) => scheduler.resume(get(name).name, by, reason),
    backfill: async (name, slots, by, reason) => scheduler.backfill(get(name).name, slots, by, reason),
  };
}

/** Looks regularly what is wrong with the schedules, and says so. Returns stop. */
export function watchSchedules(
  scheduler: Scheduler,
  alerts: Alerts,
  { store, config, warn }: ScheduleContext,
): () => Promise<void> {
  const { clock, ledger, state } = store;
  let running: Promise<void> = Promise.resolve();
  let cancel = clock.after(ALARM_EVERY, look);
  function look(): void {
    running = settleAlarms(alerts, {
      specs: config.current().config.schedules,
      state: state.get(schedules),
      downtime: state.get(downtime),
      next: (name) => scheduler.next(name),
      now: clock.now(),
      recorded: ledger.lastTs(),
    })
      .catch((error: unknown) => warn('the alarms of the schedules', error))
      .finally(() => {
        cancel = clock.after(ALARM_EVERY, look);
      });
  }
  look();
  return async () => {
    await running;
    cancel();
  };
}
