import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { expect, test } from 'vitest';
import { tempDir } from '../helpers/ledger.ts';
import { TestRunner, book } from './parts.ts';
import { World } from './world.ts';

/** Runs the daemon in a real process until its second step has begun, then kills it without a word. */
async function runAndKill(home: string, mode: string): Promise<string> {
  const child = spawn(process.execPath, [join(import.meta.dirname, 'child.ts'), home, mode], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let job = '';
  let group = 0;
  for await (const line of createInterface({ input: child.stdout })) {
    const said = JSON.parse(line) as { queued?: string; begun?: number };
    job = said.queued ?? job;
    if (said.begun === undefined) continue;
    group = said.begun;
    child.kill('SIGKILL');
  }
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  expect(child.signalCode).toBe('SIGKILL');
  process.kill(-group, 'SIGKILL');
  return job;
}

test('kill -9 in mid-step: the acknowledged job is there, UNKNOWN, naming the step, and is not run again', async () => {
  const home = await tempDir('reeve-kill-');
  const job = await runAndKill(home, 'once');
  const world = await World.open({ home, runner: new TestRunner() });
  expect(await world.engine.wait(job)).toEqual({ status: 'UNKNOWN', attempt_id: `${job}.1` });
  const view = await world.engine.get(job);
  expect(view.attempts[0]?.why).toContain('while step two ran');
  expect(view.attempts[0]?.steps.map(({ status }) => status)).toEqual(['PASS', 'UNKNOWN', 'SKIPPED']);
  expect((await world.engine.logs(job)).some(({ line }) => line.startsWith('begun '))).toBe(true);
  expect(world.engine.locks()).toMatchObject([{ lock: 'shop', owner: `${job}.1` }]);
  expect(world.runner.ran).toEqual([]);
  await world.engine.resolve(job, 'FAIL', 'alice', 'the process was gone');
  expect(world.engine.locks()).toEqual([]);
});

test('kill -9 in mid-step of an idempotent runbook: a second attempt finishes the job', async () => {
  const home = await tempDir('reeve-kill-');
  const job = await runAndKill(home, 'idempotent');
  const cold = await World.open({ home, runner: new TestRunner(), cold: true });
  const steps = [{ name: 'one' }, { name: 'two', script: 'echo begun $$; sleep 600' }, { name: 'three' }];
  const { runbook } = book(steps, { idempotent: true, lock: 'shop' });
  cold.runbooks.set(runbook.front.runbook, runbook);
  // What hung the first time does not now.
  cold.runner.run = (step) => {
    cold.runner.ran.push(step.name);
    return Promise.resolve({ status: 'PASS' });
  };
  await cold.engine.start();
  expect(await cold.engine.wait(job)).toEqual({ status: 'PASS', attempt_id: `${job}.2` });
  expect(cold.runner.ran).toEqual(['one', 'two', 'three']);
  expect(await cold.records('grant.used')).toHaveLength(1);
});
