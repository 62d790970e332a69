import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { expect, test } from 'vitest';
import { BadPattern, matchesPattern } from '../daemon/pattern.ts';

test('a pattern that backtracks without end is given up', () => {
  expect(() => matchesPattern('(a+)+', `${'a'.repeat(40)}!`, 'whole')).toThrow(BadPattern);
});

test('a match is not refused because the machine was busy with something else', async () => {
  const child = spawn(process.execPath, [path.join(import.meta.dirname, 'helpers', 'matcher.ts')], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  let said = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (said += text));
  await expect.poll(() => said, { timeout: 30_000 }).toContain('ready');
  // Stopped for longer than the limit, as by a scheduler that has others to serve.
  for (let n = 0; n < 15; n++) {
    child.kill('SIGSTOP');
    await new Promise((resolve) => setTimeout(resolve, 300));
    child.kill('SIGCONT');
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  child.stdin.write('stop');
  await once(child, 'close');
  const { matches, refused } = JSON.parse(said.replace('ready\n', '')) as Record<string, number>;
  expect(matches).toBeGreaterThan(0);
  expect(refused).toBe(0);
});
