import type { RecordBody } from '../../../contracts/record.ts';
import { own } from '../../own.ts';
import type { Projection } from '../../ports/state.ts';

/** Decisions that are kept to be shown, and to know a delivery that is looked at once more. */
const MAX_DECIDED = 1000;

export interface Decided extends RecordBody<'rule.decided'> {
  at: number;
  job?: string;
  /** Why a `run` came to no job. */
  failed?: string;
}

export interface RulesState {
  /** `rule delivery` → what was decided, in the order of the decisions. */
  decided: Record<string, Decided>;
  /** Those of them that were to run, and of which nothing more is known. */
  open: string[];
  /** Rule → when it started something, ms, the newest last. */
  runs: Record<string, number[]>;
  stopped: Record<string, { at: number; why: string }>;
  /** Every delivery before this record was looked at. */
  looked: number;
}

export const keyOf = (rule: string, delivery: string): string => `${rule} ${delivery}`;

export const rulesProjection: Projection<RulesState> = {
  name: 'rules',
  version: 1,
  initial: () => ({ decided: {}, open: [], runs: {}, stopped: {}, looked: 0 }),
  apply(state, record) {
    switch (record.type) {
      case 'rule.decided': {
        const { rule, delivery, decision } = record.body;
        const key = keyOf(rule, delivery);
        // What was refused may be decided anew when a person has it looked at once more.
        delete state.decided[key];
        state.decided[key] = { ...record.body, at: record.ts };
        if (decision === 'run') {
          state.open.push(key);
          const runs = own(state.runs, rule) ?? [];
          state.runs[rule] = runs;
          runs.push(record.ts);
          if (runs.length > MAX_DECIDED) runs.shift();
        }
        forget(state);
        break;
      }
      case 'rule.ran': {
        const { rule, delivery, job, why } = record.body;
        const key = keyOf(rule, delivery);
        state.open = state.open.filter((one) => one !== key);
        const decided = state.decided[key];
        if (decided === undefined) break;
        if (job !== undefined) decided.job = job;
        if (why !== undefined) decided.failed = why;
        break;
      }
      case 'rule.stopped':
        state.stopped[record.body.rule] = { at: record.ts, why: record.body.why };
        break;
      case 'rule.reset':
        delete state.stopped[record.body.rule];
        delete state.runs[record.body.rule];
        break;
      case 'rules.looked':
        state.looked = Math.max(state.looked, record.body.upto);
        break;
    }
    return state;
  },
};

function forget(state: RulesState): void {
  const keys = Object.keys(state.decided);
  if (keys.length < MAX_DECIDED * 1.2) return;
  for (const key of keys.slice(0, keys.length - MAX_DECIDED))
    if (!state.open.includes(key)) delete state.decided[key];
}
