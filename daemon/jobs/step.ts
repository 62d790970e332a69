import { fail, type ReeveError } from '../../contracts/errors.ts';
import type { PlanStep } from '../../contracts/plan.ts';
import type { StepContext, StepResult } from '../ports/steps.ts';
import type { Core } from './core.ts';
import { asReeve } from './core.ts';
import { quoteOf } from './log-line.ts';
import { ABANDON_MS } from './options.ts';
import type { Run } from './run.ts';
import { forRecord, NO_ROOM, outputsForRecord, refsForRecord, statusOf, type Verdict } from './verdict.ts';

/**
 * One planned step: re-check → durable intent → check once more → effect → durable outcome → trajectory. The check stands
 * in the guard of the intent as well, so that whatever was sequenced before it (a halt, a revocation, a newer attempt)
 * keeps the step from starting. Never rejects but with a ledger error.
 *
 * @param signal ends this phase of the attempt
 * @param owed it puts back what the attempt itself disturbed, under the same plan: neither a halt nor a grant that ended
 *   meanwhile keeps it from that, only a newer attempt does
 */
export async function runStep(
  core: Core,
  run: Run,
  step: PlanStep,
  index: number,
  signal: AbortSignal,
  failed: boolean,
  owed = false,
): Promise<Verdict> {
  const { spec, attemptId: attempt_id, fence, log, redactor, plan } = run.parts;
  const ids = { job_id: spec.job_id, attempt_id, fence };
  const allowed = (): void => {
    signal.throwIfAborted();
    core.mustBeCurrent(spec.job_id, attempt_id, fence);
    if (!owed) core.check(spec, run.parts.childId);
  };
  const { name, kind, on, phase } = step;
  try {
    allowed();
    const source = `${plan.source}:L${step.line}`;
    const summary = forRecord(redactor, step.summary, 500);
    const intent = {
      ...ids,
      step: name,
      kind,
      index,
      on,
      ...(phase === undefined ? {} : { phase }),
      source,
      digest: plan.runbook_digest,
      summary,
    };
    await core.options.ledger.append('job.step.started', intent, { guard: allowed });
  } catch (error) {
    return refused(run, error);
  }
  await log.say(name, `${name} (${kind}): ${step.summary}`);
  const from = core.options.clock.monotonic();
  const result = await perform(core, run, step, signal, failed, allowed);
  await log.endStep(name);
  const ms = Math.max(0, Math.round(core.options.clock.monotonic() - from));
  if (result.outputs !== undefined) {
    run.outputs[name] = result.outputs;
    if (step.repeats !== undefined) run.outputs[step.repeats] = result.outputs;
  }
  const why = result.why === undefined ? undefined : forRecord(redactor, result.why);
  const outputs = outputsForRecord(redactor, result.outputs ?? {});
  const artifacts = refsForRecord(result.artifacts ?? []);
  const { record } = await core.outcome(
    'job.step.finished',
    {
      ...ids,
      step: name,
      status: result.status,
      ms,
      ...(result.error_code === undefined ? {} : { error_code: result.error_code }),
      ...(why === undefined ? {} : { why }),
      ...(result.exit_code === undefined ? {} : { exit_code: result.exit_code }),
      ...(outputs === undefined ? {} : { outputs }),
      ...(artifacts.length === 0 ? {} : { artifacts }),
    },
    () => core.mustBeCurrent(spec.job_id, attempt_id, fence),
  );
  if (result.data !== undefined) await log.say(name, `${name}: ${JSON.stringify(result.data)}`);
  const said = why === undefined ? '' : `: ${why}`;
  await log.say(name, `${name}: ${result.status} after ${ms} ms${said}`);
  await cite(core, run, step, `${result.status} after ${ms} ms${said}`, record.seq);
  const { status, error_code, begun } = result;
  return {
    status,
    begun,
    artifacts,
    ...(error_code === undefined ? {} : { error_code }),
    ...(why === undefined ? {} : { why }),
  };
}

/** Nothing was done and nothing recorded of this step: the attempt's outcome says why. */
function refused(run: Run, thrown: unknown): Verdict {
  const error = asReeve(thrown);
  // No room passes, and what was not done is known: the attempt ends, and its outcome is recorded as soon as there is some.
  const passes = NO_ROOM.has(error.code);
  if (!passes && (error.code === 'FENCED' || error.code.startsWith('LEDGER_'))) throw error;
  const why = forRecord(run.parts.redactor, error.message);
  return { status: statusOf(error), error_code: error.code, why, begun: false, artifacts: [] };
}

type Performed = Omit<StepResult, 'status'> & { status: Verdict['status']; begun: boolean };

async function perform(
  core: Core,
  run: Run,
  step: PlanStep,
  phase: AbortSignal,
  failed: boolean,
  allowed: () => void,
): Promise<Performed> {
  const { clock, abandonMs = ABANDON_MS } = core.options;
  try {
    // Between the intent and its flush to disk something may have changed.
    allowed();
  } catch (error) {
    const { code, message } = asReeve(error);
    return { status: 'CANCELLED', error_code: code, why: `not started: ${message}`, begun: false };
  }
  const own = new AbortController();
  const stop = (error: ReeveError): void => own.abort(error);
  run.stopStep = stop;
  const timeout = `${step.timeout_ms} ms`;
  const job = run.parts.spec.job_id;
  const disarm = clock.after(step.timeout_ms, () =>
    stop(fail('STEP_TIMED_OUT', { step: step.name, timeout, job })),
  );
  const signal = AbortSignal.any([phase, own.signal]);
  let drop = (): void => {};
  const abandoned = new Promise<'abandoned'>((resolve) => {
    const arm = (): void => {
      drop = clock.after(abandonMs, () => resolve('abandoned'));
    };
    signal.addEventListener('abort', arm, { once: true });
  });
  try {
    const work = Promise.resolve(core.options.steps.run(step, contextOf(core, run, signal, step, failed)));
    const result = await Promise.race([work, abandoned]);
    if (result !== 'abandoned') return { ...judge(result, signal), begun: true };
    const error = fail('JOB_UNKNOWN', { id: job, step: step.name });
    const why = `it was told to stop (${messageOf(signal.reason)}) and did not within ${abandonMs} ms`;
    return { status: 'UNKNOWN', error_code: error.code, why, begun: true };
  } catch (error) {
    // A runner never throws; one that does may have done anything before.
    const { code, message } = asReeve(error);
    return { status: 'FAIL', error_code: code, why: message, begun: true };
  } finally {
    run.stopStep = undefined;
    disarm();
    drop();
  }
}

/** A step that failed while it was being stopped was stopped; one that passed all the same has passed. */
function judge(result: StepResult, signal: AbortSignal): StepResult {
  if (!signal.aborted || result.status === 'PASS' || result.status === 'SKIPPED') return result;
  const error = asReeve(signal.reason);
  return { ...result, status: statusOf(error), error_code: error.code, why: error.message };
}

const messageOf = (reason: unknown): string => (reason instanceof Error ? reason.message : String(reason));

function contextOf(core: Core, run: Run, signal: AbortSignal, step: PlanStep, failed: boolean): StepContext {
  const { spec, plan, attemptId, fence, scratch, childId, log } = run.parts;
  return {
    spec,
    plan,
    attempt_id: attemptId,
    fence,
    scratch,
    root: core.options.config.current().root,
    outputs: run.outputs,
    failed,
    signal,
    log: (stream, chunk) => log.write(step.name, stream, chunk),
    grant_id: childId,
    services: core.options.services,
  };
}

/** The step's line in the trajectory, grounded in the words of the runbook that were executed. */
async function cite(core: Core, run: Run, step: PlanStep, outcome: string, seq: number): Promise<void> {
  const { spec, plan, runbook, attemptId, childId, redactor } = run.parts;
  const text = runbook?.steps.find(({ name }) => name === step.name)?.text ?? step.summary;
  await core.options.trajectory.step({
    agent: 'reeve',
    action: `${plan.runbook}/${step.name} (${step.kind}) on ${plan.project}/${plan.env}`.slice(0, 200),
    reasoning: forRecord(redactor, `${outcome}. For ${spec.requested_by}: ${spec.reason}`),
    grounding: {
      source: `${plan.source}:L${step.line}`,
      quote: quoteOf(redactor.text(text)),
      digest: plan.runbook_digest,
      job_id: spec.job_id,
      attempt_id: attemptId,
      step: step.name,
      grant_id: childId,
      ledger_seq: seq,
    },
  });
}
