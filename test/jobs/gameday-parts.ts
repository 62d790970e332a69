import type { PlanStep } from '../../contracts/plan.ts';
import { askedAgain } from '../../daemon/runbook/gameday.ts';
import { book } from './parts.ts';

const PHASES: Record<string, NonNullable<PlanStep['phase']>> = {
  healthy: 'steady',
  disturb: 'method',
  observe: 'method',
  restore: 'rollback',
  confirm: 'rollback',
};

/** A game day whose steps are functions, and what always runs after it. */
export function day() {
  const steps = [...Object.keys(PHASES), 'tidy'].map((name) => ({ name, kind: 'fn' }));
  const made = book(steps, { action: 'run_drill', runbook: 'gameday' });
  const planned = made.plan.steps.map((step): PlanStep => {
    const phase = PHASES[step.name];
    const on = phase === undefined ? 'always' : phase === 'rollback' ? 'failure' : 'normal';
    return { ...step, on, ...(phase === undefined ? {} : { phase }) };
  });
  return { ...made, plan: { ...made.plan, steps: [...planned, ...askedAgain(planned)] } };
}

export const bad = (why: string) => () => ({ status: 'FAIL' as const, error_code: 'STEP_FAILED', why });
/** Ends only when it is told to. */
export const hangs = ({ signal }: { signal: AbortSignal }) =>
  new Promise<{ status: 'FAIL'; why: string }>((resolve) => {
    signal.addEventListener('abort', () => resolve({ status: 'FAIL', why: 'stopped' }), { once: true });
  });
/** Its steps as they run when all goes well. */
export const ALL = ['healthy', 'disturb', 'observe', 'restore', 'confirm', 'healthy-again', 'tidy'];
