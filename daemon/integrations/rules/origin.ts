import type { Jobs } from '../../ports/jobs.ts';
import { keyOf, type RulesState } from './projection.ts';

const JOB = /\bjob_[0-9a-f]{32}\b/g;
const MAX_JOBS = 20;
/** What follows from what: further back nobody would look either. */
const MAX_STEPS = 20;

/** Anchor of the job that a rule starts for a delivery. */
export const anchorOf = (rule: string, delivery: string): string => `rule:${rule}/${delivery}`;
const ANCHOR = /^rule:([a-z0-9_-]+)\/(dlv_[0-9a-f]{24})$/;

/** Jobs that a payload names: whatever Reeve writes to the outside names the job that wrote it. */
export const jobsIn = (payload: string): string[] => [...new Set(payload.match(JOB))].slice(0, MAX_JOBS);

/** Whether one of these jobs was started by this rule, or followed from one that was. Resolves to that job. */
export async function followsFrom(
  rule: string,
  named: readonly string[],
  jobs: Pick<Jobs, 'get'>,
  state: RulesState,
): Promise<string | undefined> {
  const waiting = [...named];
  const seen = new Set<string>();
  for (let id = waiting.shift(); id !== undefined && seen.size < MAX_STEPS; id = waiting.shift()) {
    if (seen.has(id)) continue;
    seen.add(id);
    const spec = await jobs.get(id).then(
      (job) => job.spec,
      () => undefined,
    );
    if (spec === undefined) continue;
    if (spec.parent !== undefined) waiting.push(spec.parent);
    const [, by = '', delivery = ''] = ANCHOR.exec(spec.anchor.id) ?? [];
    if (spec.anchor.kind !== 'delivery' || by === '') continue;
    if (by === rule) return id;
    waiting.push(...(state.decided[keyOf(by, delivery)]?.after ?? []));
  }
  return undefined;
}
