import type { ArtifactRef } from '../../contracts/artifact.ts';
import type { Plan, PlanStep } from '../../contracts/plan.ts';
import { asReeve, type Core } from './core.ts';
import type { Run } from './run.ts';
import { runStep } from './step.ts';
import { good, type Verdict } from './verdict.ts';

/** What an attempt has come to so far. */
export interface Phases {
  failure: Verdict | undefined;
  /** What else a reader of the outcome should know. */
  notes: string[];
  artifacts: ArtifactRef[];
  rollback: 'none' | 'done' | 'failed' | 'not_run';
}

export interface Planned {
  step: PlanStep;
  /** Its place in the plan. */
  index: number;
}

export const stepsOf = (plan: Plan, which: (step: PlanStep) => boolean): Planned[] =>
  plan.steps.map((step, index) => ({ step, index })).filter(({ step }) => which(step));

export const stopped = (run: Run): string =>
  run.hard.signal.aborted ? asReeve(run.hard.signal.reason).message : 'a step did not stop';

/** What runs at the end whatever came before, each of it. */
export async function runAlways(
  core: Core,
  run: Run,
  steps: readonly Planned[],
  phases: Phases,
): Promise<void> {
  for (const { step, index } of steps) {
    if (phases.failure?.status === 'UNKNOWN' || run.hard.signal.aborted) {
      phases.notes.push(`${step.name} not run: ${stopped(run)}`);
      continue;
    }
    const verdict = await runStep(core, run, step, index, run.hard.signal, phases.failure !== undefined);
    phases.artifacts.push(...verdict.artifacts);
    if (good(verdict)) continue;
    const why = `${step.name}: ${verdict.why ?? verdict.status}`;
    if (phases.failure === undefined) phases.failure = { ...verdict, why };
    else phases.notes.push(`${why} (${verdict.status})`);
  }
}
