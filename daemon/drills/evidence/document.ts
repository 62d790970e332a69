import type { JsonObject } from '../../../contracts/json.ts';
import { iso } from '../../time.ts';
import type { Figures, Judgement, Objectives } from '../figures.ts';
import { gameDayOf } from '../gameday.ts';
import type { DrillRun } from '../projection.ts';

export interface Outcome {
  run: DrillRun;
  figures: Figures;
  objectives: Objectives;
  judgement: Judgement;
}

/**
 * Everything that is known of one run, from the ledger alone (no clock, no randomness), so that making it twice gives
 * the same bytes and the same digest.
 */
export function evidenceDocument({ run, figures, objectives, judgement }: Outcome): JsonObject {
  const { job } = run;
  const day = gameDayOf(run);
  return {
    v: 1,
    kind: 'reeve.drill',
    drill: job.drill,
    verdict: judgement.verdict,
    ...(judgement.why === undefined ? {} : { why: judgement.why }),
    job_id: job.job_id,
    attempt_id: run.attempt_id,
    attempt_status: run.status,
    ...(run.error_code === undefined ? {} : { error_code: run.error_code }),
    project: job.project,
    env: job.env,
    requested_by: job.requested_by,
    grant_id: job.grant_id,
    runbook_digest: job.runbook_digest,
    plan_digest: job.plan_digest,
    config_version: job.config_version,
    queued_at: iso(job.queued_at),
    started_at: run.started_at === null ? null : iso(run.started_at),
    ended_at: run.ended_at === null ? null : iso(run.ended_at),
    backup: figures.backup,
    ...(day === null ? {} : { game_day: day.map((part) => ({ ...part })) }),
    figures: { rpo_ms: figures.rpo_ms, rto_ms: figures.rto_ms, phases: figures.phases },
    objectives: { ...objectives },
    steps: run.steps.map((step) => ({
      name: step.name,
      kind: step.kind,
      ...(step.phase === undefined ? {} : { phase: step.phase }),
      status: step.status,
      ms: step.ms,
      source: step.source,
      ...(step.why === undefined ? {} : { why: step.why }),
      outputs: step.outputs ?? {},
      artifacts: (step.artifacts ?? []).map(({ ref, name, mediaType }) => ({
        ref,
        ...(name === undefined ? {} : { name }),
        ...(mediaType === undefined ? {} : { mediaType }),
      })),
    })),
  };
}
