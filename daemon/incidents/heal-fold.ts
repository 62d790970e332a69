import type { LedgerRecord } from '../../contracts/record.ts';
import { own } from '../own.ts';
import { cut } from '../text.ts';
import {
  MAX_HEALS,
  anchored,
  type HealRow,
  type IncidentRow,
  type IncidentsState,
  type RuleRow,
} from './state.ts';

/** As many runs as a budget can count. */
const MAX_RUNS = 100;
/** Rules that are remembered, though they may be gone from the estate. */
const MAX_RULES = 1000;

/** Healing as the ledger tells it. */
export function noteHealing(
  state: IncidentsState,
  record: LedgerRecord,
  rowOf: (id: string) => IncidentRow | undefined,
): void {
  switch (record.type) {
    case 'heal.decided':
      decided(state, record, rowOf(record.body.incident));
      break;
    case 'job.queued': {
      const { anchor, job_id } = record.body.job;
      const at = anchor.kind === 'incident' ? anchored(anchor.id) : undefined;
      const row = at === undefined ? undefined : rowOf(at.incident);
      const heal = row?.heals.find(({ n }) => n === at?.n);
      if (row === undefined || heal === undefined) break;
      row.last = record.seq;
      if (at?.rollback === true) heal.rollback ??= job_id;
      else heal.job ??= job_id;
      break;
    }
    case 'heal.started': {
      const heal = healOf(rowOf(record.body.incident), record);
      if (heal !== undefined) Object.assign(heal, { started: true, job: record.body.job });
      break;
    }
    case 'heal.verified': {
      const { up, why } = record.body;
      const heal = healOf(rowOf(record.body.incident), record);
      if (heal !== undefined) heal.verified = { up, why };
      break;
    }
    case 'heal.ended':
      ended(state, record, rowOf(record.body.incident));
      break;
    case 'heal.breaker_opened': {
      const row = rowOf(record.body.incident);
      if (row !== undefined) row.last = record.seq;
      ruleOf(state, record.body.rule).breaker = { at: record.ts, why: record.body.why };
      break;
    }
    case 'heal.breaker_closed':
      Object.assign(ruleOf(state, record.body.rule), {
        runs: [],
        failures: 0,
        doubt: false,
        breaker: null,
      });
      break;
    default:
  }
}

function decided(
  state: IncidentsState,
  { body, ts, seq }: LedgerRecord<'heal.decided'>,
  row: IncidentRow | undefined,
): void {
  if (row === undefined) return;
  const { rule, decision, why, n } = body;
  row.last = seq;
  row.decision = { rule, decision, why: cut(why, 500), at: ts };
  if (decision === 'run') {
    row.runs = Math.max(row.runs, n);
    row.heals.push({
      rule,
      n,
      decided: ts,
      job: null,
      started: false,
      verified: null,
      rollback: null,
      ended: null,
    });
    if (row.heals.length > MAX_HEALS) row.heals.shift();
    const known = ruleOf(state, rule);
    known.runs.push(ts);
    if (known.runs.length > MAX_RUNS) known.runs.shift();
    known.last = { at: ts, outcome: null };
    return;
  }
  // Taken back before anything was queued. Its number is not used again, and it counts in the budget.
  const heal = row.heals.at(-1);
  if (heal?.n === n && heal.job === null && heal.ended === null) row.heals.pop();
}

function ended(
  state: IncidentsState,
  record: LedgerRecord<'heal.ended'>,
  row: IncidentRow | undefined,
): void {
  const { rule, outcome, rolled_back, why } = record.body;
  const heal = healOf(row, record);
  if (heal !== undefined) heal.ended = { at: record.ts, outcome, rolled_back, why };
  const known = ruleOf(state, rule);
  known.failures = outcome === 'healed' ? 0 : known.failures + 1;
  known.doubt ||= outcome === 'unknown';
  known.last = { at: record.ts, outcome };
  state.healed[outcome] = (state.healed[outcome] ?? 0) + 1;
}

/** The heal that goes on under this rule. */
function healOf(
  row: IncidentRow | undefined,
  { body, seq }: LedgerRecord<'heal.started' | 'heal.verified' | 'heal.ended'>,
): HealRow | undefined {
  if (row === undefined) return undefined;
  row.last = seq;
  const heal = row.heals.at(-1);
  return heal?.ended === null && heal.rule === body.rule ? heal : undefined;
}

function ruleOf(state: IncidentsState, rule: string): RuleRow {
  const known = own(state.rules, rule);
  if (known !== undefined) return known;
  const [oldest, ...others] = Object.keys(state.rules);
  if (others.length + 1 >= MAX_RULES && oldest !== undefined) delete state.rules[oldest];
  // Slugs begin with a letter: no rule is `__proto__`.
  return (state.rules[rule] = { runs: [], failures: 0, doubt: false, breaker: null, last: null });
}
