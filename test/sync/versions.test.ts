import fc from 'fast-check';
import { expect, test } from 'vitest';
import { EstateConfig } from '../../contracts/estate.ts';
import { ReleaseSpec } from '../../contracts/estate/release.ts';
import { checkReleases } from '../../daemon/release/check.ts';
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

test('what no schema can see of a release is told with its place', async () => {
  const told = async (release: object, github: object | undefined, secrets: string[] = []) => {
    const projects = { shop: { environments: { dev: {} }, release } };
    const integrations = github === undefined ? {} : { github };
    const estate = EstateConfig.parse({ version: 1, estate: { name: 'x' }, projects, integrations });
    const errors: string[] = [];
    const error = (at: readonly unknown[], what: string): void =>
      void errors.push(`${at.join('.')}: ${what}`);
    await checkReleases(estate, { error, warn: error } as never, async (name) => secrets.includes(name));
    return errors;
  };
  const push = { remote: 'origin', token: 'push_token' };
  const mine = { token: 't', repositories: { 'acme/shop': 'shop', 'acme/other': 'other' } };
  expect(await told({ push }, undefined)).toEqual([
    expect.stringContaining('release.push.token: the secret push_token'),
  ]);
  expect(await told({ push, github: 'acme/shop' }, mine, ['push_token'])).toEqual([]);
  expect(await told({ push, github: 'acme/other' }, mine, ['push_token'])).toEqual([
    expect.stringContaining('does not say that acme/other is of shop'),
  ]);
  expect(await told({ push, github: 'acme/shop' }, undefined, ['push_token'])).toEqual([
    expect.stringContaining('may not call GitHub'),
  ]);
  const parse = (release: object) => ReleaseSpec.safeParse(release).success;
  expect(parse({ github: 'acme/shop' })).toBe(false);
  for (const remote of [
    'origin',
    'https://h/p.git',
    'ssh://git@h:22/p',
    'git@h:p/q.git',
    '/srv/a b.git',
    'file:///srv/a',
  ])
    expect(parse({ push: { remote } }), remote).toBe(true);
  for (const remote of [
    'ext::sh -c x',
    'http://h/p',
    'https://u:p@h/p',
    '--upload-pack=x',
    '-x',
    '../up',
    'git://h/p',
    'https://h/a b',
    'a\nb',
  ])
    expect(parse({ push: { remote } }), remote).toBe(false);
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
