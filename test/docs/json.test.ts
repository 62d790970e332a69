import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import prettier from 'prettier';
import { expect, test } from 'vitest';
import { actions } from '../../daemon/actions/index.ts';
import { observedShapes } from './shapes.ts';

const FILE = path.resolve(import.meta.dirname, '../../docs/json.md');
const [BEGIN, END] = ['<!-- shapes: begin -->', '<!-- shapes: end -->'];

test('docs/json.md shows the data of each command as a real daemon answers it (REEVE_WRITE_DOCS=1 writes it anew)', async () => {
  const { shapes, unasked } = await observedShapes();
  const rows = actions
    .map(({ name }) => [name, shapes.get(name)] as const)
    .filter(([, shape]) => shape !== undefined)
    .map(([name, shape]) => `| \`${name}\` | \`${shape}\` |`);
  // Every command there is: a new one is asked in shapes.ts.
  expect(unasked).toEqual([]);
  const text = `| command | data |\n|---|---|\n${rows.join('\n')}\n`;
  const page = await readFile(FILE, 'utf8');
  const [from, to] = [page.indexOf(BEGIN), page.indexOf(END)];
  expect(from, BEGIN).toBeGreaterThan(0);
  const wanted = `${page.slice(0, from + BEGIN.length)}\n\n${text}\n${page.slice(to)}`;
  const options = (await prettier.resolveConfig(FILE)) ?? {};
  const formatted = await prettier.format(wanted, { ...options, filepath: FILE });
  if (process.env['REEVE_WRITE_DOCS'] === '1') await writeFile(FILE, formatted);
  expect(await readFile(FILE, 'utf8')).toBe(formatted);
});
