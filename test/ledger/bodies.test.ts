import fc from 'fast-check';
import { expect, test } from 'vitest';
import { step } from '../../bench/ledger-records.ts';
import { recordBodies } from '../../contracts/record.ts';
import { NotCanonical, canonicalIntegers } from '../../daemon/canonical.ts';
import { parseBody } from '../../daemon/ledger/bodies.ts';
import { orderedSchema } from '../../daemon/ledger/ordered.ts';

/** Where in a value something can be put. */
function places(value: unknown, path: string[] = []): string[][] {
  if (typeof value !== 'object' || value === null) return [path];
  return [path, ...Object.entries(value).flatMap(([key, member]) => places(member, [...path, key]))];
}

function put(value: unknown, [key, ...rest]: string[], odd: unknown): unknown {
  if (key === undefined) return odd;
  const copy: Record<string, unknown> = Object.assign(Array.isArray(value) ? [] : {}, value);
  copy[key] = put(copy[key], rest, odd);
  return copy;
}

class Odd {
  x = 1;
}
const cycle: Record<string, unknown> = { a: 1 };
cycle['self'] = cycle;
const hidden = Object.defineProperty({ a: 1 }, 'b', { value: 2, enumerable: false });
const deep = Array.from({ length: 80 }).reduce<unknown>((inner) => ({ inner }), 1);
const odds = [
  ...[undefined, null, NaN, Infinity, -0, 1.5, 1n, '', 'x'.repeat(3000), '\ud800', true, Symbol('s')],
  ...[
    '\\ud800',
    '\ud83d\ude00',
    { b: 1, a: 2 },
    { 10: 'x', 9: 'y' },
    { z: [{ b: 'x', a: { d: 1, c: 2 } }], 1: 'x' },
  ],
  ...[
    new Date(0),
    new Map(),
    new Odd(),
    () => 1,
    [],
    {},
    [undefined],
    Array.from({ length: 2 }),
    { a: undefined },
    [[[null]]],
  ],
  ...[JSON.parse('{"__proto__":{"x":1},"a":1}'), Object.create(null), { [Symbol('s')]: 1 }],
  ...[cycle, hidden, deep, { a: new Odd() }, { a: { b: 1n } }],
] as unknown[];

const samples = Array.from({ length: 9 }, (_, n) => step(n));

/** The line that comes of it, or why none does. */
function written(body: unknown, ordered?: boolean): unknown {
  try {
    return canonicalIntegers(body, ordered);
  } catch (error) {
    if (error instanceof NotCanonical) return error.message;
    throw error;
  }
}

test('every kind of body has a check whose copies need no sorting', () => {
  for (const [type, schema] of Object.entries(recordBodies))
    expect(orderedSchema(schema), type).toBeDefined();
  for (const { type, body } of samples) {
    const shuffled = Object.fromEntries(Object.entries(body).toReversed());
    const parsed = parseBody(type, shuffled);
    expect(parsed.ordered).toBe(true);
    expect(JSON.stringify(parsed.data)).toBe(canonicalIntegers(body).text);
  }
});

test('the compiled check accepts, refuses and returns what the schema itself does', () => {
  for (const { type, body } of samples) {
    const schema = recordBodies[type];
    // As it is when no code can be made of it.
    const uncompiled = orderedSchema(schema);
    for (const path of places(body)) {
      for (const odd of odds)
        for (const at of [path, [...path, 'odd'], [...path, 'outputs'], [...path, 'why']]) {
          const given = put(body, at, odd);
          const [ours, theirs] = [parseBody(type, given), schema.safeParse(given)];
          expect(ours.success).toBe(theirs.success);
          if (ours.success) {
            expect(ours.data).toStrictEqual(theirs.data);
            expect(written(ours.data, ours.ordered)).toStrictEqual(written(theirs.data));
          } else expect(ours.error.issues).toStrictEqual(theirs.error?.issues);
          const plain = uncompiled?.safeParse(given);
          if (plain?.success) expect(written(plain.data, true)).toStrictEqual(written(theirs.data));
        }
    }
  }
});

const anyJson = fc.oneof(
  fc.jsonValue(),
  fc.jsonValue({ stringUnit: 'binary' }),
  fc.array(fc.maxSafeInteger()),
);

test('any JSON where any JSON may stand', () => {
  fc.assert(
    fc.property(anyJson, fc.constantFrom(...samples), (value, { type, body }) => {
      const given = { ...body, args: { value }, outputs: { value }, before: value };
      const [ours, theirs] = [parseBody(type, given), recordBodies[type].safeParse(given)];
      expect(ours.success).toBe(theirs.success);
      if (!ours.success) return;
      expect(ours.data).toStrictEqual(theirs.data);
      expect(written(ours.data, ours.ordered)).toStrictEqual(written(theirs.data));
    }),
  );
});

test('what comes back shares nothing with what was given', () => {
  const args = { list: [1, { deep: 'a' }] };
  const [{ type, body } = step(0)] = samples;
  const result = parseBody(type, { ...body, args });
  args.list.push(2);
  (args.list[1] as { deep: string }).deep = 'b';
  expect(result.data).toMatchObject({ args: { list: [1, { deep: 'a' }] } });
  expect((result.data as { args: typeof args }).args.list).toHaveLength(2);
});
