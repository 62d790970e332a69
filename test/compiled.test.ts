import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { z } from 'zod';
import { CommandRequest } from '../contracts/api.ts';
import { actions } from '../daemon/actions/index.ts';
import { compiled } from '../daemon/compiled.ts';

/** Values of any kind, and objects with the keys that a schema knows. */
const anything = (keys: readonly string[]): fc.Arbitrary<unknown> =>
  fc.oneof(
    fc.anything({ withBigInt: true, withDate: true, withMap: true, withNullPrototype: true }),
    fc.dictionary(
      fc.constantFrom(...keys, 'odd', '__proto__', 'constructor'),
      fc.oneof(
        fc.string(),
        fc.integer(),
        fc.boolean(),
        fc.jsonValue(),
        fc.array(fc.string(), { maxLength: 3 }),
        fc.constantFrom('', '\ud800', 'x'.repeat(3000), -0, NaN, null, undefined),
      ),
    ),
  );

function same<T>(schema: z.ZodType<T>, keys: readonly string[]): void {
  const check = compiled(schema);
  fc.assert(
    fc.property(anything(keys), (value) => {
      const [ours, theirs] = [check(value), schema.safeParse(value)];
      expect(ours.success).toBe(theirs.success);
      if (ours.success) expect(ours.data).toStrictEqual(theirs.data);
      else expect(ours.error.issues).toStrictEqual(theirs.error?.issues);
    }),
    { numRuns: 300 },
  );
}

test('a request is judged and read as its schema does', () => {
  same<unknown>(CommandRequest, Object.keys(CommandRequest.shape));
  const check = compiled(CommandRequest);
  for (const request of [
    { command: 'note', args: { text: 'x' } },
    { command: 'note' },
    { command: 'note', args: undefined, reason: undefined },
    { command: 'note', args: null },
    { command: 'note', args: [] },
    { command: 'note', args: { deep: [{ a: [1, null, 'x', { b: true }] }] }, force: true, nonce: 'n' },
    { command: '', args: {} },
    { command: 'x', dry_run: 'yes' },
    { command: 'x', who: 'me' },
  ])
    expect(check(request)).toEqual(CommandRequest.safeParse(request));
});

test('what a request gives is a copy: changing it later changes nothing that was checked', () => {
  const given = { command: 'note', args: { list: ['a'] } };
  const checked = compiled(CommandRequest)(given);
  given.args.list.push('b');
  expect(checked.data?.args).toEqual({ list: ['a'] });
});

test.each(actions.map((action) => [action.name, action] as const))(
  'the arguments of %s are judged and read as their schema does, unknown ones refused',
  (_name, action) => {
    same(action.args.strict(), Object.keys(action.args.shape));
    expect(compiled(action.args.strict())({ surely_unknown: 1 }).success).toBe(false);
  },
);
