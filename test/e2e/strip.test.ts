import { globSync, readFileSync } from 'node:fs';
import { stripTypeScriptTypes } from 'node:module';
import path from 'node:path';
import { expect, test } from 'vitest';
import { REPO } from '../helpers/daemon.ts';

test('every file is one that Node itself runs: it reads types by another parser than tsc, the linter and Vitest do', () => {
  const files = globSync('{contracts,daemon,bots,cli,scripts,bench}/**/*.ts', { cwd: REPO }).filter(
    (file) => !file.endsWith('.d.ts'),
  );
  expect(files.length).toBeGreaterThan(500);
  const wrong = files.flatMap((file) => {
    try {
      stripTypeScriptTypes(readFileSync(path.join(REPO, file), 'utf8'));
      return [];
    } catch (error) {
      return [`${file}: ${String(error)}`];
    }
  });
  expect(wrong).toEqual([]);
});
