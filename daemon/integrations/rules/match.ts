import type { RuleSpec } from '../../../contracts/estate/rules.ts';
import type { JsonObject } from '../../../contracts/json.ts';
import { BadCondition, compileCondition, holds, inputOf, type Condition, type Facts } from './condition.ts';

/** A rule that can be asked. */
export interface Compiled {
  name: string;
  spec: RuleSpec;
  condition: Condition | undefined;
  inputs: Record<string, string | number | boolean | Condition>;
}

/** Whether a delivery is one that a rule is for, and what its runbook would be given. */
export type Match =
  | { matches: true; inputs: JsonObject }
  /** `heard`: the event is the rule's, and it was the condition or an input that said no. */
  | { matches: false; heard: boolean; why: string };

/** @throws {BadCondition} */
export function compileRule(name: string, spec: RuleSpec): Compiled {
  const inputs: Compiled['inputs'] = {};
  for (const [input, value] of Object.entries(spec.inputs))
    inputs[input] = typeof value === 'object' ? compileCondition(value.from) : value;
  return { name, spec, condition: spec.if === undefined ? undefined : compileCondition(spec.if), inputs };
}

/** Whether a rule listens to this event at all, whatever its payload says. */
export const hears = ({ on }: RuleSpec, source: string, event: string): boolean =>
  on === `${source}.${event}` || on.startsWith(`${source}.${event}.`);

export function matchRule({ spec, condition, inputs }: Compiled, facts: Facts): Match {
  const { source, name, event } = facts;
  const action = 'action' in event && typeof event.action === 'string' ? event.action : undefined;
  const whole = `${source}.${name}`;
  if (spec.on !== whole && (action === undefined || spec.on !== `${whole}.${action}`)) {
    const came = action === undefined ? whole : `${whole}.${action}`;
    return { matches: false, heard: false, why: `it is for ${spec.on}, and this is ${came}` };
  }
  try {
    if (condition !== undefined && !holds(condition, facts))
      return { matches: false, heard: true, why: `if: ${spec.if ?? ''} does not hold` };
  } catch (error) {
    return { matches: false, heard: true, why: `if: ${why(error)}` };
  }
  const values: JsonObject = {};
  for (const [input, value] of Object.entries(inputs))
    try {
      values[input] = typeof value === 'function' ? inputOf(value, facts) : value;
    } catch (error) {
      return { matches: false, heard: true, why: `inputs.${input}: ${why(error)}` };
    }
  return { matches: true, inputs: values };
}

function why(error: unknown): string {
  if (error instanceof BadCondition) return error.message;
  throw error;
}
