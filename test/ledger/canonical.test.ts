import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  NotCanonical,
  canonical,
  canonicalIntegers,
  integersOnly,
  parseCanonical,
} from '../../daemon/canonical.ts';

const value = fc.letrec((tie) => ({
  any: fc.oneof(
    { depthSize: 'small' },
    fc.string({ unit: 'binary' }),
    fc.maxSafeInteger(),
    fc.boolean(),
    fc.constant(null),
    fc.array(tie('any'), { maxLength: 4 }),
    fc.dictionary(
      fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom('1', '10', '__proto__', 'a')),
      tie('any'),
      {
        maxKeys: 6,
        noNullPrototype: true,
      },
    ),
  ),
})).any;

test('the fast way gives the RFC 8785 text, and what a reader of that text gets', () => {
  fc.assert(
    fc.property(value, (v) => {
      const { value: copy, text } = canonicalIntegers(v);
      expect(text).toBe(canonical(v));
      expect(copy).toEqual(JSON.parse(text));
      expect(parseCanonical(text)).toEqual(copy);
      expect(integersOnly(copy)).toBe(true);
    }),
    { numRuns: 2000 },
  );
  expect(canonicalIntegers({ b: -0, a: undefined, é: 1 })).toEqual({
    value: { b: 0, é: 1 },
    text: '{"b":0,"é":1}',
  });
  expect(canonicalIntegers({ a: '\\ud800' }).text).toBe('{"a":"\\\\ud800"}');
});

test('what JSON cannot say, or not every reader the same, is refused with its path', () => {
  const bad: [unknown, string][] = [
    [{ a: { b: 0.5 } }, 'a.b'],
    [{ a: 2 ** 53 }, 'a'],
    [{ a: Number.NaN }, 'a'],
    [{ a: [undefined] }, 'a'],
    [{ a: new Date(0) }, 'a'],
    [{ a: '\ud800' }, 'a'],
    [{ a: 1n }, 'a'],
  ];
  for (const [v, path] of bad) {
    expect(() => canonicalIntegers(v)).toThrow(NotCanonical);
    expect(() => canonicalIntegers(v)).toThrow(path);
  }
  for (const text of [
    '{"a":1,"a":1}',
    '{"b":1,"a":1}',
    '{ "a":1}',
    '{"a":1.0}',
    '{"a":"\\u0061"}',
    '',
    '{"a":1}\n',
  ])
    expect(() => parseCanonical(text), text).toThrow(NotCanonical);
});
