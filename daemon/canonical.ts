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
export function integersOnly(value: unknown, path = '', depth = 0): boolean {
  switch (typeof value) {
    case 'string':
      if (!value.isWellFormed()) throw new NotCanonical(path, 'a lone surrogate');
      return true;
    case 'boolean':
      return true;
    case 'number':
      if (!Number.isSafeInteger(value)) throw new NotCanonical(path, `${value} is not a safe integer`);
      return !Object.is(value, -0);
    case 'object':
      return value === null || membersOnly(value, path, depth);
    default:
      throw new NotCanonical(path, `${typeof value} is not JSON`);
  }
}

const MAX_DEPTH = 200;

function membersOnly(value: object, path: string, depth: number): boolean {
  if (depth === MAX_DEPTH) throw new NotCanonical(path, 'it is nested too deep');
  let same = true;
  if (Array.isArray(value)) {
    for (let i = 0; i < value.length; i++) {
      const member: unknown = value[i];
      if (!integersOnly(member, path, depth + 1)) same = false;
    }
    return same;
  }
  const proto: unknown = Object.getPrototypeOf(value);
  if (proto !== Object.prototype && proto !== null) throw new NotCanonical(path, 'not a plain object');
  for (const key of Object.keys(value)) {
    const member: unknown = Reflect.get(value, key);
    if (member === undefined) same = false;
    else if (!integersOnly(member, path === '' ? key : `${path}.${key}`, depth + 1)) same = false;
  }
  return same;
}

/**
 * `canonical` and `integersOnly` in one. The value that comes back is what a reader of the text gets: the given one, or the
 * text parsed where they differ (undefined members, −0).
 *
 * @param ordered JSON.stringify is known to write the canonical form, if all strings are well-formed.
 * @throws {NotCanonical}
 */
export function canonicalIntegers(value: unknown, ordered = false): { value: unknown; text: string } {
  if (ordered) {
    const text = JSON.stringify(value);
    // That is how it writes a lone surrogate; somebody may have meant the backslash, too.
    if (!text.includes('\\ud')) return { value, text };
  }
  const same = integersOnly(value);
  const text = canonical(value);
  return { value: same ? value : JSON.parse(text), text };
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
