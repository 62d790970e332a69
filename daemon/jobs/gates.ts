import { fail } from '../../contracts/errors.ts';
import type { Plan } from '../../contracts/plan.ts';
import type { Ledger } from '../ports/ledger.ts';
import { own, passKey, type JobsState } from './entries.ts';
import { utc } from './identity.ts';

/**
 * Throws GATE_CLOSED unless each runbook that the plan needs has its newest PASS on this project and environment within
 * the window that ends `now` (ms since the epoch).
 */
export function requireGates(state: JobsState, plan: Plan, now: number): void {
  for (const { runbook, within_ms } of plan.needs) {
    const where = `${plan.project}/${plan.env}`;
    const pass = own(state.passes, passKey(plan.project, plan.env, runbook));
    const window = within_ms === null ? '' : ` within ${spell(within_ms)}`;
    const need = `a PASS of ${runbook} on ${where}${window}`;
    const closed = (why: string) =>
      fail('GATE_CLOSED', { runbook: plan.runbook, need: `${need}; ${why}`, need_runbook: runbook });
    if (pass === undefined) throw closed('there is none');
    if (within_ms !== null && now - pass.at > within_ms) throw closed(`the newest is of ${utc(pass.at)}`);
  }
}

function spell(ms: number): string {
  for (const [unit, size] of [
    ['d', 86_400_000],
    ['h', 3_600_000],
    ['m', 60_000],
    ['s', 1000],
  ] as const) {
    if (ms % size === 0) return `${ms / size}${unit}`;
  }
  return `${ms}ms`;
}

/**
 * Throws ARTIFACT_GATED when the artifact was made by attempts of which none has passed. What the projection has let go
 * is looked up in the ledger: one pass over all of it, and only when more than 10,000 artifacts are there.
 */
export async function requireReadable(ledger: Ledger, state: JobsState, digest: string): Promise<void> {
  const known = own(state.artifacts, digest);
  const status =
    known?.status ?? (state.artifacts_forgotten === 0 ? undefined : await statusInLedger(ledger, digest));
  if (status !== undefined && status !== 'PASS') throw fail('ARTIFACT_GATED', { digest, status });
}

async function statusInLedger(ledger: Ledger, digest: string): Promise<string | undefined> {
  const makers = new Map<string, string>();
  for await (const record of ledger.read(0)) {
    if (record.type === 'job.step.finished') {
      if (record.body.artifacts?.some((ref) => ref.digest === digest))
        makers.set(record.body.attempt_id, 'RUNNING');
    } else if (record.type === 'job.attempt') {
      const { attempt_id, status } = record.body.attempt;
      if (makers.has(attempt_id)) makers.set(attempt_id, status);
    }
  }
  const all = [...makers.values()];
  return all.includes('PASS') ? 'PASS' : all.at(-1);
}
