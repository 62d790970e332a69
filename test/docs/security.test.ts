import { readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';

const root = path.resolve(import.meta.dirname, '../..');

test('every attack that SECURITY.md lists has a test, and every tested attack is listed', () => {
  const page = readFileSync(path.join(root, 'SECURITY.md'), 'utf8');
  const rows = page.split('\n').filter((line) => /^\|[^|]*\|( \d\d)+ *\|$/.test(line));
  const listed = rows.flatMap((row) => row.split('|')[2]?.trim().split(' ') ?? []).toSorted();
  expect(listed.length).toBeGreaterThan(50);
  const tests = readdirSync(path.join(root, 'test'), { recursive: true, encoding: 'utf8' }).filter((f) =>
    f.endsWith('.test.ts'),
  );
  const tested = new Set<string>();
  for (const file of tests)
    for (const [, number] of readFileSync(path.join(root, 'test', file), 'utf8').matchAll(
      /['"`]attack (\d\d): /g,
    ))
      tested.add(number ?? '');
  expect([...tested].toSorted()).toEqual(listed);
});

test('README names only files that are there', () => {
  const readme = readFileSync(path.join(root, 'README.md'), 'utf8');
  for (const [, target] of readme.matchAll(/\]\(([^)#:]+)\)/g))
    expect(readFileSync(path.join(root, target ?? '')).length, target).toBeGreaterThan(0);
});
