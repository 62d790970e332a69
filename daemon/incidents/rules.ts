import type { EstateConfig } from '../../contracts/estate.ts';
import type { HealSpec } from '../../contracts/estate/incidents.ts';
import type { RecordBody } from '../../contracts/record.ts';
import { own } from '../own.ts';
import type { ProbeView } from '../ports/probes.ts';
import { matches } from '../signal-match.ts';
import { shown } from './words.ts';
import type { IncidentRow, IncidentsState, RuleRow } from './state.ts';
import { busyWith, usedOf } from './views.ts';

export interface Rule {
  name: string;
  spec: HealSpec;
}

/** Failed heals in a row after which a rule's breaker opens. */
const MAX_FAILURES = 2;
/** Between a heal that failed and the next one, where the rule has no `wait`, ms. */
const AGAIN_MS = 10_000;

/**
 * The first rule that takes an incident. One without a probe is healed by none: nothing could tell whether it worked.
 */
export function ruleFor({ body }: IncidentRow, { healing }: EstateConfig): Rule | undefined {
  if (body.probe === undefined) return undefined;
  const { cause, severity, source, project, env, probe } = body;
  const subject = { key: cause, severity, source, project, env, probe };
  for (const [name, spec] of Object.entries(healing)) if (matches(subject, spec.on)) return { name, spec };
  return undefined;
}

export interface Decision {
  decision: Exclude<RecordBody<'heal.decided'>['decision'], 'not_allowed' | 'recovered'>;
  why: string;
  /** The rule's breaker opens with this. */
  opens?: true;
}

export interface Facts {
  state: IncidentsState;
  now: number;
  /** Undefined: the estate has no such probe any more. */
  probe: ProbeView | undefined;
  /** Why nothing may start in these projects now (halt, pause, drain), if so. */
  stopped: string | undefined;
}

/** Nothing is decided before this time, ms. */
export function notBefore(row: IncidentRow, { wait }: HealSpec): number {
  const last = row.heals.at(-1)?.ended?.at;
  return last === undefined || last < row.since ? row.since + (wait ?? 0) : last + (wait ?? AGAIN_MS);
}

/**
 * Whether the newest look at a probe bears its state out. Not so after a start before it was asked, while it answers again
 * but not often enough yet, and while we are blind: what is well must not be restarted.
 */
export function isBornOut({ state, last }: Pick<ProbeView, 'state' | 'last'>): boolean {
  if (state !== 'down' && state !== 'halted') return true;
  return last !== null && (last.verdict === 'down' || last.verdict === 'halted');
}

/** Why a rule is at its end whatever its budget says, if it is. */
export function exhausted(rule: RuleRow | undefined): string | undefined {
  if (rule?.doubt === true) return 'nobody knows what its last heal did';
  if (rule !== undefined && rule.failures >= MAX_FAILURES)
    return `${rule.failures} heals in a row did not heal`;
  return undefined;
}

/** What a rule does about an open incident now, when no heal of it goes on. Pure. */
export function decide(row: IncidentRow, { name, spec }: Rule, facts: Facts): Decision {
  const { state, now, probe, stopped } = facts;
  const waits = (why: string): Decision => ({ decision: 'waits', why });
  const known = own(state.rules, name);
  if (known !== undefined && known.breaker !== null)
    return { decision: 'breaker_open', why: known.breaker.why };
  const spent = exhausted(known);
  if (spent !== undefined) return { decision: 'breaker_open', why: spent, opens: true };
  if (probe === undefined) return waits(`the probe ${row.body.probe ?? ''} is not in reeve.yaml any more`);
  if (probe.maintenance !== null) return waits(`${probe.name} is in maintenance (${probe.maintenance})`);
  if (probe.cause !== null) return waits(`${probe.name} fails because of ${probe.cause}`);
  if (probe.state !== 'down' && probe.state !== 'halted')
    return waits(`${probe.name} is ${probe.state}, not down`);
  if (stopped !== undefined) return waits(stopped);
  const busy = busyWith(state, name);
  if (busy !== null) return waits(`it heals ${busy}`);
  const used = usedOf(state, name, spec.within, now);
  if (used >= spec.max)
    return {
      decision: 'budget_spent',
      why: `its budget of ${spec.max} in ${shown(spec.within)} is spent`,
      opens: true,
    };
  return { decision: 'run', why: `heal ${used + 1} of ${spec.max} in ${shown(spec.within)}` };
}
