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
