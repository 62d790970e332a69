import { fail, type ErrorCode } from '../../contracts/errors.ts';
import type { Plan, PlanStep } from '../../contracts/plan.ts';
import type { Core } from './core.ts';
import { runAlways, stepsOf, stopped, type Phases, type Planned } from './phases.ts';
import type { Run } from './run.ts';
import { runStep } from './step.ts';
import { good, type Verdict } from './verdict.ts';

export const isGameDay = (plan: Plan): boolean => plan.steps.some(({ phase }) => phase === 'method');

/** After these the attempt is not the one that may put things back: somebody else has taken over. */
const TAKEN_OVER: ReadonlySet<string> = new Set<ErrorCode>(['LOCK_STOLEN', 'FENCED']);

/**
 * A game day: the steady state is asked; unless all of it holds, nothing is disturbed. Then the method. Once one of its steps
 * has begun, every step of the rollback runs, whatever ended the method: its end, a failure, a check that itself broke, a
 * cancel, a timeout, a halt, a grant that was revoked, a step that did not stop. After it the steady state is asked again.
 */
export async function runGameDay(core: Core, run: Run, phases: Phases): Promise<Phases> {
  const { plan, spec } = run.parts;
  const of = (phase: PlanStep['phase']): Planned[] => stepsOf(plan, (step) => step.phase === phase);
  const disturbed = await disturb(core, run, of('steady'), of('method'), phases);
  if (disturbed) {
    const reason: unknown = run.hard.signal.reason;
    const code = reason instanceof Error && 'code' in reason ? String(reason.code) : '';
    if (run.hard.signal.aborted && TAKEN_OVER.has(code)) {
      phases.rollback = 'not_run';
      phases.notes.push(`rollback not run: ${stopped(run)}`);
    } else {
      await putBack(core, run, of('rollback'), phases);
      await askAgain(core, run, of('again'), phases, spec.job_id);
    }
  }
  await runAlways(
    core,
    run,
    stepsOf(plan, ({ on, phase }) => on === 'always' && phase === undefined),
    phases,
  );
  return phases;
}

/** What the ledger says of the steps of an attempt that another process began, by name. */
export type Past = ReadonlyMap<string, Verdict>;

/**
 * The rest of a game day whose daemon was killed after its method had begun: what of the rollback has no outcome yet, and
 * the steady state. A rollback step in whose middle the daemon died is not run again, unless the runbook says that it may
 * be. Its outcome stays unknown, for nobody knows how far the method came; what it left is put back.
 */
export async function resumeGameDay(core: Core, run: Run, phases: Phases, past: Past): Promise<Phases> {
  const { plan, spec } = run.parts;
  const of = (phase: PlanStep['phase']): Planned[] => stepsOf(plan, (step) => step.phase === phase);
  await putBack(core, run, of('rollback'), phases, past);
  phases.notes.push(
    `its rollback was ${phases.rollback === 'done' ? 'run' : 'tried'} when the daemon was back`,
  );
  const before = phases.failure;
  await askAgain(core, run, of('again'), phases, spec.job_id);
  if (phases.failure === before) phases.notes.push('the steady state holds again');
  await runAlways(
    core,
    run,
    stepsOf(plan, ({ on, phase, name }) => on === 'always' && phase === undefined && !past.has(name)),
    phases,
  );
  if (phases.failure !== undefined) phases.failure = { ...phases.failure, status: 'UNKNOWN' };
  return phases;
}

/** @returns whether the method has begun */
async function disturb(
  core: Core,
  run: Run,
  steady: readonly Planned[],
  method: readonly Planned[],
  phases: Phases,
): Promise<boolean> {
  for (const { step, index } of steady) {
    const verdict = await runStep(core, run, step, index, run.soft.signal, false);
    phases.artifacts.push(...verdict.artifacts);
    if (good(verdict)) continue;
    const why = said(step, verdict);
    // A cancel says nothing about the state.
    if (verdict.status !== 'FAIL') phases.failure = { ...verdict, why };
    else {
      const error = fail('GAMEDAY_NOT_STEADY', { why });
      phases.failure = { ...verdict, error_code: error.code, why: error.message };
    }
    return false;
  }
  let begun = false;
  for (const { step, index } of method) {
    const verdict = await runStep(core, run, step, index, run.soft.signal, false);
    begun ||= verdict.begun;
    phases.artifacts.push(...verdict.artifacts);
    if (good(verdict)) continue;
    phases.failure = { ...verdict, why: said(step, verdict) };
    break;
  }
  return begun;
}

/** Each step of the rollback, also after one that failed: what can be put back is put back. */
async function putBack(
  core: Core,
  run: Run,
  steps: readonly Planned[],
  phases: Phases,
  past: Past = new Map(),
): Promise<void> {
  phases.rollback = 'done';
  for (const { step, index } of steps) {
    const verdict = past.get(step.name) ?? (await owed(core, run, step, index, phases));
    if (good(verdict)) continue;
    phases.rollback = 'failed';
    if (phases.failure === undefined)
      phases.failure = { ...verdict, why: `rollback failed at ${said(step, verdict)}` };
    else phases.notes.push(`rollback failed at ${said(step, verdict)}`);
  }
}

async function askAgain(
  core: Core,
  run: Run,
  steps: readonly Planned[],
  phases: Phases,
  job: string,
): Promise<void> {
  for (const { step, index } of steps) {
    const verdict = await owed(core, run, step, index, phases);
    if (good(verdict)) continue;
    const error = fail('GAMEDAY_NOT_RECOVERED', { why: said(step, verdict), job });
    // Worse than whatever came before, which stays to be read.
    if (phases.failure?.why !== undefined) phases.notes.unshift(phases.failure.why);
    const status = phases.failure?.status === 'UNKNOWN' ? 'UNKNOWN' : 'FAIL';
    phases.failure = { ...verdict, status, error_code: error.code, why: error.message };
    return;
  }
}

async function owed(core: Core, run: Run, step: PlanStep, index: number, phases: Phases): Promise<Verdict> {
  const never = new AbortController().signal;
  const verdict = await runStep(core, run, step, index, never, phases.failure !== undefined, true);
  phases.artifacts.push(...verdict.artifacts);
  return verdict;
}

const said = (step: PlanStep, { why, status }: Verdict): string => `${step.name}: ${why ?? status}`;
