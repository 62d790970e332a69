import { Environment } from '@marcbachmann/cel-js';

/** What an expression may look at. */
export interface Facts {
  /** The payload. */
  event: object;
  /** `github`, `linear`, `generic/billing`. */
  source: string;
  /** Name of the event: `push`. */
  name: string;
}

/** What is wrong with an expression, or why it has no value, for people. */
export class BadCondition extends Error {}

/** Compiled once; called for each delivery. Throws BadCondition where a field is not there or cannot be compared. */
export type Condition = (facts: Facts) => unknown;

/** The field's own language for such things, interpreted: nothing is compiled to code, and nothing loops but over lists. */
const language = new Environment({
  homogeneousAggregateLiterals: false,
  limits: { maxAstNodes: 500, maxDepth: 40, maxListElements: 200, maxMapEntries: 50 },
})
  .registerVariable('event', 'map')
  .registerVariable('source', 'string')
  .registerVariable('name', 'string');

const LOOPS = new Set(['all', 'exists', 'exists_one', 'map', 'filter']);
const MAX_LOOPS = 5;
/** What else may be called: nothing that a payload can make take for ever, or grow. */
const CALLS = new Set(
  'has size startsWith endsWith lowerAscii upperAscii trim substring int uint double string bool timestamp getFullYear getMonth getDate getDayOfMonth getDayOfWeek getDayOfYear getHours getMinutes getSeconds'.split(
    ' ',
  ),
);
/** Of these, where what is looked for, or read, stands in the rule itself: two texts of a payload take the product of their lengths. */
const WITH_LITERALS = new Set(['contains', 'indexOf', 'lastIndexOf', 'split', 'join', 'duration']);
const COMPARISONS = new Set(['==', '!=', '<', '<=', '>', '>=']);

/** @throws {BadCondition} */
export function compileCondition(text: string): Condition {
  const parsed = orBad(() => language.parse(text));
  const checked = parsed.check();
  if (!checked.valid) throw new BadCondition(lineOf(checked.error));
  new Judge().refuse(parsed.ast);
  return (facts) => orBad(() => parsed({ ...facts }) as unknown);
}

/** Whether it holds; what is neither true nor false does not. */
export function holds(condition: Condition, facts: Facts): boolean {
  const value = condition(facts);
  if (typeof value !== 'boolean') throw new BadCondition(`it yields ${typeof value}, neither true nor false`);
  return value;
}

/** As the input of a runbook: text, a whole number, true or false. */
export function inputOf(condition: Condition, facts: Facts): string | number | boolean {
  const value = condition(facts);
  if (typeof value === 'bigint' && Number.isSafeInteger(Number(value))) return Number(value);
  if (typeof value === 'number' && Number.isSafeInteger(value)) return value;
  if (typeof value === 'string' || typeof value === 'boolean') return value;
  throw new BadCondition('it yields no text, whole number, true or false');
}

/** Others decide on payloads, so the work has to be in proportion to the payload, whatever it holds. */
class Judge {
  #loops = 0;

  refuse(node: unknown, inside = false): void {
    if (Array.isArray(node)) {
      for (const part of node) this.refuse(part, inside);
      return;
    }
    if (!isNode(node)) return;
    const { op, args } = node;
    const parts: readonly unknown[] = Array.isArray(args) ? args : [];
    if (op === 'rcall' || op === 'call') return this.#call(op, parts, inside);
    if (inside && op === 'id' && args === 'event')
      throw new BadCondition(
        'within a loop over a list, event may only be compared with something of the list',
      );
    if (inside && op === '+') throw new BadCondition('nothing is added within a loop over a list');
    if (inside && COMPARISONS.has(op)) {
      const [left, right] = parts;
      // One path into the payload costs no more than what it is compared with.
      if (isPath(left)) return this.refuse(right, true);
      if (isPath(right)) return this.refuse(left, true);
    }
    this.refuse(parts, inside);
  }

  #call(op: string, args: readonly unknown[], inside: boolean): void {
    const [name, receiver, given] = op === 'rcall' ? args : [args[0], undefined, args[1]];
    const called = String(name);
    const loop = op === 'rcall' && LOOPS.has(called);
    if (loop && inside) throw new BadCondition(`${called} stands within another loop over a list`);
    this.refuse(receiver, inside);
    if (loop) {
      if (++this.#loops > MAX_LOOPS) throw new BadCondition(`it has more than ${MAX_LOOPS} loops over lists`);
      return this.refuse(given, true);
    }
    if (WITH_LITERALS.has(called)) {
      if (!Array.isArray(given) || !given.every((one) => isNode(one) && one.op === 'value'))
        throw new BadCondition(`${called} takes text that stands in the rule itself, not in the payload`);
    } else if (called === 'matches')
      throw new BadCondition('matches is not taken here: use startsWith, endsWith, contains or ==');
    else if (!CALLS.has(called)) throw new BadCondition(`${called} is not taken here`);
    this.refuse(given, inside);
  }
}

/** `event.a.b`, `event.a["b"]`, `event.a[0]`. */
function isPath(node: unknown): boolean {
  if (!isNode(node) || !Array.isArray(node.args)) return false;
  const [of, field] = node.args as unknown[];
  const plain = node.op === '.' || (node.op === '[]' && isNode(field) && field.op === 'value');
  return plain && (isPath(of) || (isNode(of) && of.op === 'id' && of.args === 'event'));
}

/** A node of the tree that the parser makes; what `args` holds depends on `op`. */
const isNode = (value: unknown): value is { op: string; args: unknown } =>
  typeof value === 'object' && value !== null && 'op' in value && 'args' in value;

function orBad<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw new BadCondition(lineOf(error), { cause: error });
  }
}

const lineOf = (error: unknown): string =>
  (error instanceof Error ? error.message : String(error)).split('\n')[0]?.slice(0, 300) ?? '';
