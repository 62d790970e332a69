import { drills } from '../drills/index.ts';
import type { DrillResult } from '../drills/projection.ts';
import type { DrillReader, DrillRow, SentinelRow } from '../ports/actions.ts';
import type { StateView } from '../ports/state.ts';

/** Recorded drills for the actions, newest first. */
export function drillReader(state: StateView, sentinels: () => SentinelRow[] = () => []): DrillReader {
  const all = (): DrillResult[] =>
    Object.values(state.get(drills).results)
      .flat()
      .toSorted((a, b) => b.at - a.at);
  return {
    history: (drill) =>
      all()
        .filter((result) => drill === undefined || result.drill === drill)
        .map(rowOf),
    evidence: () => all().map((result) => ({ ...rowOf(result), evidence: result.evidence })),
    sentinels,
  };
}

function rowOf({ drill, at, verdict, job_id, project, env, why, ...r }: DrillResult): DrillRow {
  return {
    drill,
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
  };
}
