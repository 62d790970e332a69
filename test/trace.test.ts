import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { traceOf } from '../daemon/trace.ts';
import { REPO } from './helpers/daemon.ts';

test('an error that nobody caught is told, whatever telling it does, and ends the process with status 1', () => {
  const lifecycle = JSON.stringify(join(REPO, 'daemon/lifecycle.ts'));
  for (const [how, said] of [
    ['console.log(`told: ${error.message}`)', 'told: boom'],
    ['throw new Error("and this, too")', ''],
  ]) {
    const code = `const { onCrash } = await import(${lifecycle});
      onCrash((error) => { ${how} });
      setTimeout(() => console.log('went on'), 100);
      setTimeout(() => { throw new Error('boom') });`;
    const ran = spawnSync(process.execPath, ['--input-type=module', '-e', code], { encoding: 'utf8' });
    expect([ran.status, ran.stdout.trim()]).toEqual([1, said]);
  }
});

test('a map that is missing, torn or of something else leaves the trace as it is', () => {
  const dir = mkdtempSync(join(tmpdir(), 'reeve-trace-'));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  const error = new Error('boom');
  const stack = `Error: boom\n    at up (${dir}/daemon.cjs:1:20)\n    at async ${dir}/daemon.cjs:2:3`;
  error.stack = stack;
  expect(traceOf(error)).toBe(stack);
  for (const map of ['', '{', '[]', '{"version":3,"sources":[],"mappings":"!!"}', 'null']) {
    writeFileSync(join(dir, 'daemon.cjs.map'), map);
    expect(traceOf(error)).toBe(stack);
  }
  expect(traceOf('a string')).toBe('a string');
});
