import { drills } from '../drills/index.ts';
import type { DrillReader } from '../ports/actions.ts';
import type { StateView } from '../ports/state.ts';

/** Recorded drills for the actions, newest first. */
export const drillReader = (state: StateView): DrillReader => ({
  history: (drill) =>
    Object.values(state.get(drills).results)
      .flat()
      .filter((r) => drill === undefined || r.drill === drill)
      .map(({ drill: name, at, verdict, job_id, project, env, why, ...r }) => ({
        drill: name,
        at,
        verdict,
        rpo_ms: r.rpo_ms,
        rto_ms: r.rto_ms,
        objective_rpo_ms: r.objective_rpo_ms,
        objective_rto_ms: r.objective_rto_ms,
        job_id,
        ...(project === undefined ? {} : { project }),
        ...(env === undefined ? {} : { env }),
        ...(why === undefined ? {} : { why }),
      }))
      .toSorted((a, b) => b.at - a.at),
});
