import { fail } from '../../contracts/errors.ts';
import type { TerminalStatus } from '../../contracts/job.ts';
import type { JsonObject } from '../../contracts/json.ts';
import type { PlanStep } from '../../contracts/plan.ts';
import type { RecordBody } from '../../contracts/record.ts';
import { asReeve, type Core } from './core.ts';
import { isGameDay, runGameDay } from './gameday.ts';
import { utc } from './identity.ts';
import { runAlways, stepsOf, stopped, type Phases, type Planned } from './phases.ts';
import type { Run } from './run.ts';
import { runStep } from './step.ts';
import { forRecord, good, isRetryable, outputsForRecord, refsForRecord } from './verdict.ts';

/**
 * Runs the attempt's steps and records its outcome; durable when it resolves.
 *
 * The planned steps run in order until one does not pass. Then, if any of them had begun, the `on=failure` steps run in
 * order, and stop at the first that fails. The `on=always` steps run last, each of them. A cancel or a timeout ends the
 * planned steps alone. A halt, a revocation, an expired grant, a stolen lock and the daemon's stop end everything: then
 * nothing privileged runs any more, rollback included, and the outcome says so. An attempt whose step did not stop when
 * told to is UNKNOWN, and nothing further runs beside it. A game day has an order of its own (gameday.ts).
 */
export async function runAttempt(core: Core, run: Run): Promise<TerminalStatus> {
  const { plan, spec } = run.parts;
  const disarm = core.options.clock.after(plan.timeout_ms, () =>
    run.cancel(fail('JOB_TIMED_OUT', { timeout: plan.timeout_ms, id: spec.job_id })),
  );
  let phases: Phases;
  try {
    phases = await runPhases(core, run);
  } finally {
    disarm();
  }
  return conclude(core, run, phases);
}

async function runPhases(core: Core, run: Run): Promise<Phases> {
  const { plan } = run.parts;
  const phases: Phases = { failure: undefined, notes: [], artifacts: [], rollback: 'none' };
  if (isGameDay(plan)) return runGameDay(core, run, phases);
  const of = (on: PlanStep['on']) => stepsOf(plan, (step) => step.on === on);
  let begun = false;
  for (const { step, index } of of('normal')) {
    const verdict = await runStep(core, run, step, index, run.soft.signal, false);
    begun ||= verdict.begun;
    phases.artifacts.push(...verdict.artifacts);
    if (good(verdict)) continue;
    const why = verdict.why ?? verdict.status;
    // An error of the step itself names it.
    phases.failure = { ...verdict, why: why.startsWith(`Step ${step.name} `) ? why : `${step.name}: ${why}` };
    break;
  }
  if (phases.failure !== undefined && begun) await rollBack(core, run, of('failure'), phases);
  await runAlways(core, run, of('always'), phases);
  return phases;
}

async function rollBack(core: Core, run: Run, steps: readonly Planned[], phases: Phases): Promise<void> {
  if (steps.length === 0) return;
  if (phases.failure?.status === 'UNKNOWN' || run.hard.signal.aborted) {
    phases.rollback = 'not_run';
    phases.notes.push(`rollback not run: ${stopped(run)}`);
    return;
  }
  phases.rollback = 'done';
  for (const { step, index } of steps) {
    const verdict = await runStep(core, run, step, index, run.hard.signal, true);
    phases.artifacts.push(...verdict.artifacts);
    if (good(verdict)) continue;
    phases.rollback = verdict.begun ? 'failed' : 'not_run';
    const what = verdict.begun ? `rollback failed at ${step.name}` : `rollback not run from ${step.name} on`;
    phases.notes.push(`${what}: ${verdict.why ?? verdict.status}`);
    if (verdict.status === 'UNKNOWN')
      phases.failure = { ...verdict, why: `${step.name}: ${verdict.why ?? ''}` };
    return;
  }
}

/** Stores the log and records how the attempt ended, with the retry that follows, if any. */
export async function conclude(core: Core, run: Run, phases: Phases): Promise<TerminalStatus> {
  const { spec, attemptId, fence, log, redactor } = run.parts;
  const { failure } = phases;
  const status = failure?.status ?? 'PASS';
  const stored = await log.finish();
  if (stored.problem !== undefined) {
    core.options.warn(`the log of ${attemptId}`, stored.problem);
    phases.notes.push(`its log is not complete: ${asReeve(stored.problem).message}`);
  }
  const said = [...(failure?.why === undefined ? [] : [failure.why]), ...phases.notes].join('; ');
  const retryable = status !== 'UNKNOWN' && isRetryable(failure?.error_code);
  const retryAt = status === 'PASS' ? undefined : retryTime(core, run, phases, retryable);
  const outputs = outcomeOutputs(run);
  const artifacts = refsForRecord(phases.artifacts);
  const body: RecordBody<'job.attempt'> = {
    attempt: {
      ...attemptRecord(run, core.now()),
      status,
      ...(failure?.error_code === undefined ? {} : { error_code: failure.error_code.slice(0, 64) }),
      ...(status === 'PASS' ? {} : { retryable }),
    },
    fence,
    owner: core.options.owner,
    ...(said === '' ? {} : { why: forRecord(redactor, said) }),
    ...(stored.ref === undefined ? {} : { log: stored.ref }),
    ...(outputs === undefined ? {} : { outputs }),
    ...(artifacts.length === 0 ? {} : { artifacts }),
    ...(phases.rollback === 'none' ? {} : { rollback: phases.rollback }),
    ...(retryAt === undefined ? {} : { retry_at: retryAt }),
  };
  await core.outcome('job.attempt', body, () => core.mustBeCurrent(spec.job_id, attemptId, fence));
  return status;
}

function retryTime(core: Core, run: Run, phases: Phases, retryable: boolean): number | undefined {
  const { plan, fence, spec, runbook } = run.parts;
  const status = phases.failure?.status;
  if ((status !== 'FAIL' && status !== 'TIMED_OUT') || !retryable || fence > plan.retries) return undefined;
  // On top of what a failed rollback left nothing is tried again by itself.
  if (phases.rollback === 'failed' || phases.rollback === 'not_run') return undefined;
  if (core.stopping || run.hard.signal.aborted || core.entry(spec.job_id)?.cancel !== undefined)
    return undefined;
  return core.now() + (runbook?.front.retry_delay ?? 0);
}

/** By output name, whichever step made it; of two steps with the same name the later one counts. */
function outcomeOutputs(run: Run): JsonObject | undefined {
  return outputsForRecord(
    run.parts.redactor,
    Object.assign({}, ...Object.values(run.outputs)) as Record<string, string>,
  );
}

/** The envelope of an attempt's records while it runs. */
export function attemptRecord(
  run: Run,
  now: number,
): Omit<RecordBody<'job.attempt'>['attempt'], 'status' | 'error_code' | 'retryable'> {
  const { spec, attemptId, createdAt, grantId, childId } = run.parts;
  return {
    job_id: spec.job_id,
    attempt_id: attemptId,
    created_at_utc: createdAt,
    updated_at_utc: utc(now),
    correlation_ids: { grant_id: grantId, child_grant_id: childId },
  };
}
