import { duration } from '../../contracts/units.ts';
import { gameDayOf } from './gameday.ts';
import type { DrillRun } from './projection.ts';

/** What a drill must reach, ms; null where its runbook sets no objective. */
export interface Objectives {
  rpo_ms: number | null;
  rto_ms: number | null;
}

/** What the steps of a drill measured, ms. Null where nothing did. */
export interface Figures {
  rpo_ms: number | null;
  rto_ms: number | null;
  phases: Record<string, number>;
  /** Digest of the restored backup's manifest. */
  backup: string | null;
}

const PHASE = /^phase_([a-z][a-z0-9]*(?:_[a-z0-9]+)*)_ms$/;
const DIGEST = /^sha256:[0-9a-f]{64}$/;

/**
 * Figures by convention of output names, whatever kind of step made them: `rpo_ms`, `rto_ms`, `phase_<name>_ms` and
 * `manifest`. A later step's output replaces an earlier one's.
 */
export function figuresOf(run: DrillRun): Figures {
  const figures: Figures = { rpo_ms: null, rto_ms: null, phases: {}, backup: null };
  for (const { outputs = {} } of run.steps) {
    for (const [name, value] of Object.entries(outputs)) {
      if (name === 'manifest' && typeof value === 'string' && DIGEST.test(value)) figures.backup = value;
      const ms = millis(value);
      if (ms === null) continue;
      if (name === 'rpo_ms' || name === 'rto_ms') figures[name] = ms;
      const phase = PHASE.exec(name)?.[1];
      if (phase !== undefined) figures.phases[phase] = ms;
    }
  }
  const day = gameDayOf(run);
  if (day === null) return figures;
  for (const { phase, ms } of day) figures.phases[phase] = ms;
  // A game day recovers with its rollback: until the steady state has been shown again.
  const [back, again] = [day.find((p) => p.phase === 'rollback'), day.find((p) => p.phase === 'again')];
  if (figures.rto_ms === null && again?.status === 'PASS') figures.rto_ms = (back?.ms ?? 0) + again.ms;
  return figures;
}

function millis(value: unknown): number | null {
  const number = typeof value === 'string' && /^[0-9]{1,16}$/.test(value) ? Number(value) : value;
  return typeof number === 'number' && Number.isSafeInteger(number) && number >= 0 ? number : null;
}

export interface Judgement {
  verdict: 'PASS' | 'FAIL' | 'UNKNOWN';
  why?: string;
}

/**
 * PASS needs a passed attempt and every objective measured and met. An attempt that failed or ran out of time is FAIL; one
 * that was cut off, cancelled or skipped proves nothing either way: UNKNOWN. So does one whose objectives nobody knows.
 */
export function judge(run: DrillRun, figures: Figures, objectives: Objectives | null): Judgement {
  const failed = run.steps.find((step) => step.status === 'FAIL' || step.status === 'TIMED_OUT');
  const why =
    run.why ?? (failed === undefined ? undefined : `${failed.name}: ${failed.why ?? failed.status}`);
  switch (run.status) {
    case 'PASS':
      break;
    case 'FAIL':
    case 'TIMED_OUT':
      return { verdict: 'FAIL', why: why ?? `the attempt ended ${run.status}` };
    default:
      return { verdict: 'UNKNOWN', why: why ?? `the attempt ended ${run.status}` };
  }
  if (objectives === null)
    return {
      verdict: 'UNKNOWN',
      why: 'the version of the runbook that ran, with its objectives, is not known any more',
    };
  for (const name of ['rpo_ms', 'rto_ms'] as const) {
    const [goal, got] = [objectives[name], figures[name]];
    const label = name === 'rpo_ms' ? 'RPO' : 'RTO';
    if (goal === null) continue;
    if (got === null) return { verdict: 'FAIL', why: `${label} was not measured` };
    if (got > goal)
      return { verdict: 'FAIL', why: `${label} is ${words(got)}, over the objective of ${words(goal)}` };
  }
  return { verdict: 'PASS' };
}

/** As `duration`, so that evidence and CLI say the same of one run; a last part that is zero is left out: `10 s`, `15m`. */
export const words = (ms: number): string =>
  duration(ms).replace(/\.0 s$|(?<=^\d+[mhd]) 00?[smh]$/, (zero) => (zero.startsWith('.') ? ' s' : ''));
