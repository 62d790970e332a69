import canonicalize from 'canonicalize';

/** What `integersOnly` throws: the path of the offending value and what is wrong with it. */
export class NotCanonical extends Error {
  readonly path: string;
  constructor(path: string, why: string) {
    super(path === '' ? why : `${path}: ${why}`);
    this.name = 'NotCanonical';
    this.path = path;
  }
}

/**
 * RFC 8785 (JCS) text of a JSON value.
 *
 * @throws {NotCanonical} for undefined, NaN, infinities, functions, symbols, cycles and lone surrogates.
 */
export function canonical(value: unknown): string {
  let text: string | undefined;
  try {
    text = canonicalize(value);
  } catch (error) {
    throw new NotCanonical('', error instanceof Error ? error.message : String(error));
  }
  if (text === undefined) throw new NotCanonical('', 'not a JSON value');
  return text;
}

/**
 * Demands that every number inside is a safe integer (RFC 7493 §2.2) and that every value is plain JSON. Returns false
 * when the value holds what JSON text would lose (an undefined member, −0), so that the caller knows to parse it back.
 *
 * @throws {NotCanonical} naming the path.
 */
export function integersOnly(value: unknown, path = ''): boolean {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return true;
    case 'number':
      if (!Number.isSafeInteger(value)) throw new NotCanonical(path, `${value} is not a safe integer`);
      return !Object.is(value, -0);
    case 'object':
      return value === null || membersOnly(value, path);
    default:
      throw new NotCanonical(path, `${typeof value} is not JSON`);
  }
}

function membersOnly(value: object, path: string): boolean {
  let same = true;
  if (Array.isArray(value)) {
    for (let i = 0; i < value.length; i++) {
      const member: unknown = value[i];
      if (!integersOnly(member, path)) same = false;
    }
    return same;
  }
  const proto: unknown = Object.getPrototypeOf(value);
  if (proto !== Object.prototype && proto !== null) throw new NotCanonical(path, 'not a plain object');
  for (const key of Object.keys(value)) {
    const member: unknown = Reflect.get(value, key);
    if (member === undefined) same = false;
    else if (!integersOnly(member, path === '' ? key : `${path}.${key}`)) same = false;
  }
  return same;
}

/** An array index sorts before all else in a JavaScript object, and `__proto__` is not an ordinary key. */
const AWKWARD_KEY = /^(?:0|[1-9][0-9]*|__proto__)$/;

interface Order {
  keys: readonly string[];
  awkward: boolean;
}

/** The same few shapes come again and again, so the sorting is remembered. */
const orders = new Map<string, Order>();
const MAX_ORDERS = 512;

function orderOf(value: object): Order {
  const keys = Object.keys(value);
  if (keys.length < 2) return { keys, awkward: keys.some((key) => AWKWARD_KEY.test(key)) };
  const shape = keys.join('\0');
  let order = orders.get(shape);
  if (order === undefined) {
    // Keys that hold the separator could take the place of others.
    const plain = shape.split('\0').length === keys.length;
    order = { awkward: keys.some((key) => AWKWARD_KEY.test(key)), keys: keys.sort() };
    if (plain && orders.size < MAX_ORDERS && shape.length < 1000) orders.set(shape, order);
  }
  return order;
}

/**
 * `canonical` and `integersOnly` in one pass, three times as fast, for what is written often: copies the value with sorted
 * keys, so that the engine's own JSON.stringify gives the RFC 8785 text. The copy is what a reader of the text gets:
 * undefined members are gone, −0 is 0.
 *
 * @throws {NotCanonical}
 */
export function canonicalCopy(value: unknown): { value: unknown; text: string } {
  const copied = { awkward: false };
  const copy = sortedCopy(value, '', copied);
  if (!copied.awkward) {
    const text = JSON.stringify(copy);
    // Only a lone surrogate is written as an escape that begins so; `canonical` below refuses it.
    if (!text.includes('\\ud')) return { value: copy, text };
  }
  const text = canonical(value);
  return { value: JSON.parse(text), text };
}

function sortedCopy(value: unknown, path: string, copied: { awkward: boolean }): unknown {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return value;
    case 'number':
      if (!Number.isSafeInteger(value)) throw new NotCanonical(path, `${value} is not a safe integer`);
      return value === 0 ? 0 : value;
    case 'object': {
      if (value === null) return null;
      if (Array.isArray(value)) return value.map((member: unknown) => sortedCopy(member, path, copied));
      const proto: unknown = Object.getPrototypeOf(value);
      if (proto !== Object.prototype && proto !== null) throw new NotCanonical(path, 'not a plain object');
      return sortedMembers(value as Record<string, unknown>, path, copied);
    }
    default:
      throw new NotCanonical(path, `${typeof value} is not JSON`);
  }
}

function sortedMembers(
  value: Record<string, unknown>,
  path: string,
  copied: { awkward: boolean },
): Record<string, unknown> {
  const copy: Record<string, unknown> = {};
  const order = orderOf(value);
  if (order.awkward) copied.awkward = true;
  for (const key of order.keys) {
    const member = value[key];
    if (member === undefined) continue;
    const simple = typeof member === 'string' || typeof member === 'boolean';
    copy[key] = simple ? member : sortedCopy(member, path === '' ? key : `${path}.${key}`, copied);
  }
  return copy;
}

/**
 * Parses JSON text that must be its own canonical form. Since re-serialising gives the very same text, this refuses
 * duplicate keys, white space, odd number forms, escapes that need not be, and lone surrogates in one comparison.
 *
 * @throws {NotCanonical}
 */
export function parseCanonical(text: string): unknown {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new NotCanonical('', error instanceof Error ? error.message : String(error));
  }
  if (canonical(value) !== text) throw new NotCanonical('', 'not in canonical form (RFC 8785)');
  return value;
}
