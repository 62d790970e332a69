import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Unversionable, withVersionField } from '../../daemon/release/versions.ts';

const bumped = (name: string, text: string) => withVersionField(name, text, '1.2.3');

test('the version of a file is its own `version`, and nothing else of the file changes', async () => {
  expect(await bumped('package.json', '{"a":{"version":"0"},\n  "version" : "0.0.1" }')).toBe(
    '{"a":{"version":"0"},\n  "version" : "1.2.3" }',
  );
  expect(await bumped('a.json', '[{"version":"0.0.1"}]')).toBeUndefined();
  expect(
    await bumped('a.json', '{"x":"version\\": \\"0.0.1","packages":{"":{"version":"0.0.1"}}}'),
  ).toBeUndefined();
  expect(await bumped('a.json', '{"version":1}')).toBeUndefined();
  expect(await bumped('a.json', '"version"')).toBeUndefined();
  expect(await bumped('sub/package-lock.json', '{"packages":{"":{"version":"0"},"a":{"version":"0"}}}')).toBe(
    '{"packages":{"":{"version":"1.2.3"},"a":{"version":"0"}}}',
  );
  expect(
    await bumped(
      'Chart.yaml',
      "apiVersion: v2\n# version: old\nversion: 0.0.1 # here\nappVersion: '0.0.1'\n",
    ),
  ).toBe("apiVersion: v2\n# version: old\nversion: 1.2.3 # here\nappVersion: '0.0.1'\n");
  expect(await bumped('a.yaml', 'a:\n  version: 0.0.1\n')).toBeUndefined();
  expect(await bumped('a.yaml', "version: '0.0.1'\n")).toBe("version: '1.2.3'\n");
});

test('what cannot be changed without a risk is refused', async () => {
  for (const [name, text] of [
    ['a.json', '{"version":"0.0.1",}'],
    ['a.json', '{"version":"0.0.1","version":"0.0.2"}'],
    ['a.json', '{"\\u0076ersion":"0.0.1","version":"0.0.2"}'],
    ['a.yaml', 'version: &v 0.0.1\nother: *v\n'],
    ['a.yaml', 'version: 0.0.1\nversion: 0.0.2\n'],
    ['a.yaml', '- a\nversion: x'],
  ] as const)
    await expect(bumped(name, text), text).rejects.toThrow(Unversionable);
});

test('of any JSON, in any layout, the top version alone changes', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.dictionary(
        fc.string({ maxLength: 8 }),
        fc.json({ maxDepth: 2 }).map((text) => JSON.parse(text) as unknown),
      ),
      fc.constantFrom(0, 2, '\t'),
      fc.boolean(),
      async (value, indent, first) => {
        delete value['__proto__'];
        const rest = Object.fromEntries(Object.entries(value).filter(([key]) => key !== 'version'));
        const whole = first ? { version: '0.0.1', ...rest } : { ...rest, version: '0.0.1' };
        const text = JSON.stringify(whole, null, indent);
        const after = await bumped('a.json', text);
        expect(JSON.parse(after ?? '')).toEqual({ ...whole, version: '1.2.3' });
        expect(after?.length).toBe(text.length);
      },
    ),
  );
});
