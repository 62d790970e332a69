import fc from 'fast-check';
import { expect, test } from 'vitest';
import { step } from '../../bench/ledger-records.ts';
import { recordBodies } from '../../contracts/record.ts';
import { parseBody } from '../../daemon/ledger/bodies.ts';

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

test('the compiled check accepts, refuses and returns what the schema itself does', () => {
  for (const { type, body } of samples) {
    const schema = recordBodies[type];
    for (const path of places(body)) {
      for (const odd of odds)
        for (const at of [path, [...path, 'odd'], [...path, 'outputs'], [...path, 'why']]) {
          const given = put(body, at, odd);
          const [ours, theirs] = [parseBody(type, given), schema.safeParse(given)];
          expect(ours.success).toBe(theirs.success);
          if (ours.success) expect(ours.data).toStrictEqual(theirs.data);
          else expect(ours.error.issues).toStrictEqual(theirs.error?.issues);
        }
    }
  }
});

test('any JSON where any JSON may stand', () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.constantFrom(...samples), (value, { type, body }) => {
      const given = { ...body, args: { value }, outputs: { value }, before: value };
      const [ours, theirs] = [parseBody(type, given), recordBodies[type].safeParse(given)];
      expect(ours.success).toBe(theirs.success);
      if (ours.success) expect(ours.data).toStrictEqual(theirs.data);
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
