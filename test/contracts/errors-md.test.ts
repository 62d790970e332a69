import { readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { errorTable, ReeveError, type ErrorCode } from '../../contracts/errors.ts';
import { ERRORS_FILE, errorsMarkdown } from '../../contracts/errors-md.ts';

const text = readFileSync(ERRORS_FILE, 'utf8');
const documented = [...text.matchAll(/^## (.+)$/gm)].map((match) => match[1] ?? '');
const codes = Object.keys(errorTable) as ErrorCode[];

test('every code is documented and every documented code exists', () => {
  expect(documented).toEqual(codes.toSorted());
  expect(text).toBe(errorsMarkdown());
});

test('every code tells what happened and what to do next, in whole sentences', () => {
  const bad = codes.filter((code) => {
    const { message, hint, status } = errorTable[code];
    return !(
      /^[A-Z][A-Z0-9_]+$/.test(code) &&
      /[.!?}]$/.test(message) &&
      hint.trim() !== '' &&
      status >= 400
    );
  });
  expect(bad).toEqual([]);
});

test('no area declares a code of another: none is lost when the tables are joined', async () => {
  const folder = path.resolve(import.meta.dirname, '../../contracts/errors');
  let count = 0;
  for (const file of readdirSync(folder)) {
    if (file === 'table.ts') continue;
    const module: Record<string, object> = await import(path.join(folder, file));
    count += Object.values(module).reduce((sum, table) => sum + Object.keys(table).length, 0);
  }
  expect(count).toBe(codes.length);
});

test('a response carries the code, and leaves out what it cannot fill', () => {
  const error = new ReeveError('GRANT_EXPIRED', {}, { at: 'x:1', more: Array(80).fill('m') });
  expect(error.toResponse()).toMatchObject({ code: 'GRANT_EXPIRED', at: 'x:1' });
  expect(error.toResponse().more).toHaveLength(50);
});
