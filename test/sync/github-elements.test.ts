import fc from 'fast-check';
import { expect, test } from 'vitest';
import { elementsOf, NoList } from '../../daemon/sync/github/elements.ts';

async function* cut(text: string, size: number): AsyncGenerator<Uint8Array> {
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}
async function all(text: string, field?: string, size = 7, maxBytes = 1000): Promise<unknown[]> {
  const found: unknown[] = [];
  for await (const one of elementsOf(cut(text, size), { field, maxBytes })) found.push(one?.value);
  return found;
}

test('whatever JSON: the elements are what JSON.parse finds, wherever the chunks are cut', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.jsonValue(), { maxLength: 6 }),
      fc.integer({ min: 1, max: 50 }),
      fc.constantFrom(0, 2),
      async (list, size, space) => {
        // Through text once: JSON has no -0.
        const plain: unknown = JSON.parse(JSON.stringify(list));
        expect(await all(JSON.stringify(list, null, space), undefined, size, 1e6)).toEqual(plain);
        const around = { total: 3, list2: [9], deep: { list: [1] }, text: 'list', list, after: '][' };
        expect(await all(JSON.stringify(around, null, space), 'list', size, 1e6)).toEqual(plain);
      },
    ),
  );
});

test('what is no list of JSON is refused', async () => {
  for (const text of [
    '<html>[1]</html>',
    '',
    '   ',
    'null',
    '"[1]"',
    '[1',
    '[1]]',
    '[1] [2]',
    '[1,]',
    '[,1]',
    '[{]',
    '[{"a":}]',
    '[1}',
    '{"a":[1]}',
  ])
    await expect(all(text), text).rejects.toThrow(NoList);
  await expect(all('[1]', 'list')).rejects.toThrow('it holds no list');
  await expect(all('{"other":[1]}', 'list')).rejects.toThrow('it holds no list');
});

test('an element that is too large is told and not kept; the next ones come', async () => {
  expect(await all(`[1,"${'x'.repeat(5000)}",{"a":2}]`)).toEqual([1, undefined, { a: 2 }]);
});
