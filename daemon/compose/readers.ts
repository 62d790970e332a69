import { drills } from '../drills/index.ts';
import type { DrillReader, ScheduleReader } from '../ports/actions.ts';
import type { Config } from '../ports/config.ts';
import type { StateView } from '../ports/state.ts';
import type { Scheduler } from '../schedule/index.ts';

/** Recorded drills for the actions, newest first. */
export const drillReader = (state: StateView): DrillReader => ({
  history: (drill) =>
    Object.values(state.get(drills).results)
      .flat()
      .filter((r) => drill === undefined || r.drill === drill)
      .map(({ drill: name, at, verdict, rpo_ms, rto_ms, job_id, why }) => ({
        drill: name,
        at,
        verdict,
        rpo_ms,
        rto_ms,
        job_id,
        ...(why === undefined ? {} : { why }),
      }))
      .toSorted((a, b) => b.at - a.at),
});

/** Schedules of the estate in force with their last and next slot. */
export const scheduleReader = (scheduler: Scheduler, config: Config): ScheduleReader => ({
  async list() {
    return Promise.resolve(
      scheduler.upcoming().map(({ schedule, next, last }) => {
        const spec = config.current().config.schedules[schedule];
        return {
          name: schedule,
          runbook: spec?.runbook ?? '',
          cron: spec?.cron ?? '',
          timezone: spec?.timezone ?? '',
          last_slot: last?.slot ?? null,
          next,
        };
      }),
    );
  },
});
