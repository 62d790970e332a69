import { isUtf8 } from 'node:buffer';
import { fail } from '../contracts/errors.ts';

/** Deepest nesting of arrays and objects in a request. */
export const MAX_DEPTH = 64;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/** Names that reach an object's prototype when somebody copies them carelessly. */
const PROTOTYPE_NAMES = new Set(['__proto__', 'constructor', 'prototype']);

/**
 * Parses a JSON request body (RFC 8259). Throws `BODY_INVALID` for text that is not UTF-8, not JSON, nested deeper than
 * `MAX_DEPTH`, or with a key that names a prototype. Depth is measured on the bytes, before anything is built from them.
 */
export function parseJsonBody(bytes: Buffer): unknown {
  if (bytes.length === 0) throw fail('BODY_INVALID', { why: 'the body is empty' });
  if (!isUtf8(bytes)) throw fail('BODY_INVALID', { why: 'the body is not UTF-8' });
  if (depthOf(bytes) > MAX_DEPTH) {
    throw fail('BODY_INVALID', { why: `the body is nested deeper than ${MAX_DEPTH} levels` });
  }
  let value: unknown;
  try {
    value = JSON.parse(bytes.toString('utf8'));
  } catch (cause) {
    throw fail('BODY_INVALID', { why: 'the body is not JSON' }, { cause });
  }
  refusePrototypeNames(value);
  return value;
}

/** Greatest depth, stopping one beyond the limit. */
function depthOf(bytes: Buffer): number {
  let depth = 0;
  let deepest = 0;
  let inString = false;
  for (let i = 0; i < bytes.length; i++) {
    const byte = bytes[i];
    if (inString) {
      if (byte === BACKSLASH) i++;
      else if (byte === QUOTE) inString = false;
    } else if (byte === QUOTE) inString = true;
    else if (byte === 0x5b || byte === 0x7b) {
      depth++;
      if (depth > deepest) deepest = depth;
      if (deepest > MAX_DEPTH) return deepest;
    } else if (byte === 0x5d || byte === 0x7d) depth--;
  }
  return deepest;
}

function refusePrototypeNames(value: unknown): void {
  if (typeof value !== 'object' || value === null) return;
  if (Array.isArray(value)) {
    for (const item of value) refusePrototypeNames(item);
    return;
  }
  for (const key of Object.keys(value)) {
    if (PROTOTYPE_NAMES.has(key)) throw fail('BODY_INVALID', { why: `the key ${key} is refused` });
    refusePrototypeNames((value as Record<string, unknown>)[key]);
  }
}
