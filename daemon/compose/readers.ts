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
      .map(({ drill: name, at, verdict, rpo_ms, rto_ms, job_id, project, env, why }) => ({
        drill: name,
        at,
        verdict,
        rpo_ms,
        rto_ms,
        job_id,
        ...(project === undefined ? {} : { project }),
        ...(env === undefined ? {} : { env }),
        ...(why === undefined ? {} : { why }),
      }))
      .toSorted((a, b) => b.at - a.at),
});

/** Schedules of the estate in force with their last and next slot. */
export const scheduleReader = (scheduler: Scheduler, config: Config): ScheduleReader => ({
  async list() {
    return Promise.resolve(
      scheduler.upcoming().flatMap(({ schedule, next, last }) => {
        const spec = config.current().config.schedules[schedule];
        if (spec === undefined) return [];
        const { runbook, cron, timezone, project, env } = spec;
        return [
          { name: schedule, runbook, cron, timezone, project, env, last_slot: last?.slot ?? null, next },
        ];
      }),
    );
  },
});
