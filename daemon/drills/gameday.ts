import type { DrillRun, GameDayStepPhase } from './projection.ts';

/** One phase of a game day as it went. */
export interface GameDayPart {
  phase: GameDayStepPhase;
  /** PASS when every step of it passed; FAIL when one did not; UNKNOWN when that of one is not known; NOT RUN when none began. */
  status: 'PASS' | 'FAIL' | 'UNKNOWN' | 'NOT RUN';
  ms: number;
}

const ORDER = ['steady', 'method', 'rollback', 'again'] as const;

/** The phases in order; null when the run is no game day. */
export function gameDayOf({ steps }: DrillRun): GameDayPart[] | null {
  if (!steps.some(({ phase }) => phase !== undefined)) return null;
  return ORDER.map((phase) => {
    const own = steps.filter((step) => step.phase === phase);
    const ms = own.reduce((sum, step) => sum + step.ms, 0);
    if (own.length === 0) return { phase, status: 'NOT RUN', ms };
    const open = own.some(({ status }) => status === 'UNKNOWN' || status === 'RUNNING');
    if (open) return { phase, status: 'UNKNOWN', ms };
    return { phase, status: own.every(({ status }) => status === 'PASS') ? 'PASS' : 'FAIL', ms };
  });
}

export const PHASE_WORDS: Record<GameDayStepPhase, string> = {
  steady: 'steady state before',
  method: 'method',
  rollback: 'rollback',
  again: 'steady state after',
};
