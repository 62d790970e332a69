import type { GameDayPhase, RunbookFrontMatter, RunbookStep } from '../../contracts/runbook.ts';
import type { PlanStep } from '../../contracts/plan.ts';
import type { Problems } from './problems.ts';

/** `marked`: its phase stands in its own attribute. */
export type LoadedStep = RunbookStep & { marked?: boolean };

/** The name under which a steady-state question is asked again after the rollback. */
export const againName = (name: string): string => `${name}-again`;

/**
 * A runbook with a `phase` attribute, or a drill with a section "Method", is a game day: then each step has its phase, and
 * none is missing. In any other runbook the headings mean nothing but themselves.
 *
 * @returns the steps with their phases, or without any
 */
export function checkGameDay(
  steps: readonly LoadedStep[],
  front: RunbookFrontMatter,
  problems: Problems,
): RunbookStep[] {
  const of = (phase: GameDayPhase): LoadedStep[] => steps.filter((step) => step.phase === phase);
  const named = of('method').length > 0 && front.action === 'run_drill';
  const marked = steps.some((step) => step.marked === true);
  if (!named && !marked) return steps.map(({ phase: _phase, marked: _marked, ...step }) => step);
  for (const phase of ['steady', 'method', 'rollback'] as const)
    if (of(phase).length === 0)
      problems.error(
        steps[0]?.line ?? 1,
        `a game day needs a step with phase=${phase}, or under "${HEADING[phase]}"`,
      );
  const names = new Set(steps.map(({ name }) => name));
  for (const step of steps) {
    if (step.phase === undefined && step.on !== 'always')
      problems.error(
        step.line,
        'a step of a game day stands under "Steady state", "Method" or "Rollback", or has on=always',
      );
    if (step.phase === 'steady' && names.has(againName(step.name)))
      problems.error(
        step.line,
        `the name ${againName(step.name)} is kept for asking ${step.name} again after the rollback`,
      );
  }
  return steps.map(({ marked: _marked, ...step }) => step);
}

const HEADING: Record<GameDayPhase, string> = {
  steady: '## Steady state',
  method: '## Method',
  rollback: '## Rollback',
};

/** The steady state, planned once more for the time after the rollback: it is part of what is confirmed. */
export function askedAgain(steps: readonly PlanStep[]): (PlanStep & { repeats: string })[] {
  return steps
    .filter(({ phase }) => phase === 'steady')
    .map((step) => ({
      ...step,
      name: againName(step.name),
      on: 'always',
      phase: 'again',
      repeats: step.name,
    }));
}
