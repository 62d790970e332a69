/* A daemon in a process of its own, for being killed: runs one job and tells what it does, a JSON line each. */
import { writeSync } from 'node:fs';
import { TestRunner, book } from './parts.ts';
import { World } from './world.ts';

const say = (what: object): void => void writeSync(1, `${JSON.stringify(what)}\n`);
const [, , home = '', idempotent] = process.argv;

const world = await World.open({ home, runner: new TestRunner(), alone: true });
const steps = [{ name: 'one' }, { name: 'two', script: 'echo begun $$; sleep 600' }, { name: 'three' }];
const made = book(steps, { idempotent: idempotent === 'idempotent', lock: 'shop' });
const { job_id } = await world.engine.submit(
  await world.request(made, { anchor: { kind: 'slot', id: 'x/1' } }),
);
say({ queued: job_id });
const watch = setInterval(() => {
  const begun = world.live.flatMap(({ lines }) => lines).find((line) => line.startsWith('begun '));
  if (begun === undefined) return;
  clearInterval(watch);
  // The step's process group, which outlives this process.
  say({ begun: Number(begun.slice('begun '.length)) });
}, 5);
