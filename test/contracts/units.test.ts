import { glob, readFile } from 'node:fs/promises';
import path from 'node:path';
import { expect, test } from 'vitest';
import { fail } from '../../contracts/errors.ts';
import { duration, plural } from '../../contracts/units.ts';

const ROOT = path.resolve(import.meta.dirname, '../..');

test('one is one, and everything else is many', () => {
  expect([0, 1, 2, 1204].map((n) => plural(n, 'runbook'))).toEqual([
    '0 runbooks',
    '1 runbook',
    '2 runbooks',
    '1,204 runbooks',
  ]);
  expect([1, 2].map((n) => plural(n, 'reply', 'replies'))).toEqual(['1 reply', '2 replies']);
});

test('errors count, too', () => {
  const say = (count: number): string =>
    fail('CONFIG_INVALID', { file: 'reeve.yaml', count, why: 'x' }).message;
  expect(say(1)).toBe('reeve.yaml has 1 mistake: x.');
  expect(say(3)).toBe('reeve.yaml has 3 mistakes: x.');
});

test('nothing that people read says "thing(s)"', async () => {
  const found: string[] = [];
  for (const folder of ['contracts', 'daemon', 'bots', 'cli', 'web', 'runbooks'])
    for await (const name of glob('**/*.{ts,js,md}', { cwd: path.join(ROOT, folder) })) {
      const text = await readFile(path.join(ROOT, folder, name), 'utf8');
      // A call such as `went(s)` is no text: it follows no value and no word.
      for (const [hit] of text.matchAll(/(?:\}|\d|\$\w+) (?:[a-z-]+ ){0,2}[a-z]+\(s\)/g))
        found.push(`${folder}/${name}: ${hit}`);
    }
  expect(found).toEqual([]);
});

test('the page says a duration as the command line does', async () => {
  const source = await readFile(path.join(ROOT, 'web/render.js'), 'utf8');
  const page = (await import(`data:text/javascript,${encodeURIComponent(source)}`)) as {
    duration(ms: number): string;
  };
  for (const ms of [0, 850, 14_780, 59_999, 80_000, 3_599_999, 7_500_000, 90_000_000])
    expect(page.duration(ms)).toBe(duration(ms));
});
