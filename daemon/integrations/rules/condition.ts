import { Environment, type ASTNode } from '@marcbachmann/cel-js';

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

const MACROS = new Set(['all', 'exists', 'exists_one', 'map', 'filter']);

/** @throws {BadCondition} */
export function compileCondition(text: string): Condition {
  const parsed = orBad(() => language.parse(text));
  const checked = parsed.check();
  if (!checked.valid) throw new BadCondition(lineOf(checked.error));
  refuse(parsed.ast, false);
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

/** A list within a list takes the square of its length, and a pattern may take for ever: others decide on both. */
function refuse(node: unknown, inside: boolean): void {
  if (Array.isArray(node)) {
    for (const part of node) refuse(part, inside);
    return;
  }
  if (!isNode(node)) return;
  const called = node.op === 'rcall' || node.op === 'call' ? String(node.args[0]) : '';
  if (called === 'matches')
    throw new BadCondition('matches is not taken here: use startsWith, endsWith, contains or ==');
  const macro = node.op === 'rcall' && MACROS.has(called);
  if (macro && inside) throw new BadCondition(`${called} stands within another loop over a list`);
  refuse(node.args, inside || macro);
}

const isNode = (value: unknown): value is ASTNode & { args: readonly unknown[] } =>
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
