import { matchesPattern } from '../pattern.ts';
import { parseRef, type Ref } from './template.ts';

/*
 * The language of `assert` steps. No evaluation of code: a tokenizer, a recursive descent and three kinds of values.
 *
 *   or      := and ("or" and)*
 *   and     := not ("and" not)*
 *   not     := "not" not | "(" or ")" | compare
 *   compare := value (("==" | "!=" | "<" | "<=" | ">" | ">=" | "contains" | "matches") value)?
 *   value   := "text" | 'text' | 12.5 | 15m | true | false | project | env | inputs.x | steps.s.outputs.x (also in ${…})
 */

const TOKEN =
  /\s*(?:(?<string>"(?:[^"\\]|\\["\\])*"|'[^']*')|\$\{(?<place>[^{}]*)\}|(?<op>==|!=|<=|>=|<|>|\(|\))|(?<word>[^\s()<>=!"'$]+))/y;
const DURATION = /^(\d+)(ms|s|m|h|d)$/;
const NUMBER = /^-?\d+(?:\.\d+)?$/;
const UNIT: Record<string, number> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };
const COMPARE = ['==', '!=', '<', '<=', '>', '>=', 'contains', 'matches'];
const MAX_DEPTH = 50;

export type Expression =
  | { op: 'or'; left: Expression; right: Expression }
  | { op: 'and'; left: Expression; right: Expression }
  | { op: 'not'; of: Expression }
  | { op: 'compare'; by: string; left: Value; right: Value }
  | { op: 'true'; of: Value };
type Value = { text: string } | { ref: Ref; raw: string };

/** What is wrong with an expression, for people. */
export class BadExpression extends Error {}

interface Token {
  kind: 'string' | 'place' | 'op' | 'word';
  text: string;
}

/** @throws {BadExpression} */
export function parseExpression(source: string): Expression {
  const tokens = tokenize(source);
  let at = 0;
  const word = (text: string): boolean => tokens[at]?.kind !== 'string' && tokens[at]?.text === text;
  const take = (text: string): boolean => (word(text) ? (at++, true) : false);

  const or = (depth: number): Expression => {
    let left = and(depth);
    while (take('or')) left = { op: 'or', left, right: and(depth) };
    return left;
  };
  const and = (depth: number): Expression => {
    let left = not(depth);
    while (take('and')) left = { op: 'and', left, right: not(depth) };
    return left;
  };
  const not = (depth: number): Expression => {
    if (depth > MAX_DEPTH) throw new BadExpression('it is nested too deeply');
    if (take('not')) return { op: 'not', of: not(depth + 1) };
    if (!take('(')) return compare();
    const inner = or(depth + 1);
    if (!take(')')) throw new BadExpression('a ) is missing');
    return inner;
  };
  const compare = (): Expression => {
    const left = value();
    const by = tokens[at]?.kind === 'string' ? undefined : tokens[at]?.text;
    if (by === undefined || !COMPARE.includes(by)) return { op: 'true', of: left };
    at++;
    return { op: 'compare', by, left, right: value() };
  };
  const value = (): Value => {
    const token = tokens[at++];
    if (token === undefined) throw new BadExpression('it ends where a value should stand');
    if (token.kind === 'string') return { text: token.text };
    const ref = token.kind === 'op' ? undefined : parseRef(token.text);
    if (ref !== undefined && ref.of !== 'secret') return { ref, raw: token.text };
    const duration = DURATION.exec(token.text);
    if (token.kind === 'word' && duration !== null)
      return { text: String(Number(duration[1]) * (UNIT[duration[2] ?? ''] ?? 1)) };
    if (token.kind === 'word' && (NUMBER.test(token.text) || ['true', 'false'].includes(token.text)))
      return { text: token.text };
    throw new BadExpression(`"${token.text}" is no value: quote text, or name inputs.x or steps.s.outputs.x`);
  };

  const whole = or(0);
  if (at < tokens.length) throw new BadExpression(`"${tokens[at]?.text ?? ''}" is one too many`);
  return whole;
}

function tokenize(source: string): Token[] {
  const tokens: Token[] = [];
  const text = source.trimEnd();
  TOKEN.lastIndex = 0;
  for (let at = 0; at < text.length; at = TOKEN.lastIndex) {
    const groups = TOKEN.exec(text)?.groups;
    if (groups === undefined) throw new BadExpression(`"${text.slice(at, at + 20).trim()}" cannot be read`);
    const { string, place, op, word } = groups;
    if (string !== undefined)
      tokens.push({ kind: 'string', text: string.slice(1, -1).replace(/\\(["\\])/g, '$1') });
    else if (place !== undefined) tokens.push({ kind: 'place', text: place });
    else if (op !== undefined) tokens.push({ kind: 'op', text: op });
    else tokens.push({ kind: 'word', text: word ?? '' });
  }
  return tokens;
}

/** Every value an expression looks up. */
export function refsOf(e: Expression): { ref: Ref; raw: string }[] {
  if (e.op === 'not') return refsOf(e.of);
  if (e.op === 'or' || e.op === 'and') return [...refsOf(e.left), ...refsOf(e.right)];
  const values = e.op === 'compare' ? [e.left, e.right] : [e.of];
  return values.flatMap((value) => ('ref' in value ? [value] : []));
}

/** @throws {BadExpression} when a value is missing or cannot be compared. */
export function holds(e: Expression, look: (ref: Ref) => string | undefined): boolean {
  const get = (value: Value): string => {
    const text = 'ref' in value ? look(value.ref) : value.text;
    if (text === undefined) throw new BadExpression(`${'raw' in value ? value.raw : ''} has no value`);
    return text;
  };
  if (e.op === 'not') return !holds(e.of, look);
  if (e.op === 'or' || e.op === 'and') {
    const left = holds(e.left, look);
    return left === (e.op === 'or') ? left : holds(e.right, look);
  }
  if (e.op === 'true') return get(e.of) === 'true';
  return compareBy(e.by, get(e.left), get(e.right));
}

/** Below, at or above 0. Integers are compared exactly, whatever their size. */
function difference(left: string, right: string): number {
  if (left.includes('.') || right.includes('.')) return Number(left) - Number(right);
  const exact = BigInt(left) - BigInt(right);
  return exact < 0n ? -1 : exact > 0n ? 1 : 0;
}

/** Two numbers are compared as numbers; for order both must be. */
function compareBy(by: string, left: string, right: string): boolean {
  const numeric = NUMBER.test(left) && NUMBER.test(right);
  const order = numeric ? difference(left, right) : Number.NaN;
  if (by === 'contains') return left.includes(right);
  if (by === 'matches') return matchesPattern(right, left, 'anywhere');
  if (by === '==') return numeric ? order === 0 : left === right;
  if (by === '!=') return numeric ? order !== 0 : left !== right;
  if (!numeric) throw new BadExpression(`"${left}" ${by} "${right}": both must be numbers`);
  return by === '<' ? order < 0 : by === '<=' ? order <= 0 : by === '>' ? order > 0 : order >= 0;
}
