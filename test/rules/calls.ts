import { readFile } from 'node:fs/promises';
import { expect } from 'vitest';
import type { World } from '../helpers/app.ts';
import type { GithubStandin } from '../standins/github/index.ts';

/** Adds one rule, called `again`, and has it accepted. `spec`: its YAML, without runs that are bounded at three an hour. */
export async function addRule(world: World, spec: string): Promise<void> {
  const yaml = await readFile(`${world.root}/reeve.yaml`, 'utf8');
  await world.write('reeve.yaml', `${yaml}rules:\n  again: { ${spec}, max: 3, within: 1h }\n`);
  for (const request of [
    { command: 'config reload' },
    { command: 'config accept', args: { mandate: 'rule:again' } },
  ]) {
    const reply = await world.as('root', { ...request, force: true });
    expect(reply.error).toBeUndefined();
  }
}

/** GitHub calls in; resolves to the delivery when all that its rules start has ended. */
export async function called(
  world: World,
  github: GithubStandin,
  secret: string,
  event: string,
  payload: object,
): Promise<string> {
  const { headers, body } = github.sign(event, payload, secret);
  const answer = await fetch(`${world.app.url}/webhooks/github`, { method: 'POST', headers, body });
  expect(answer.status).toBe(200);
  const { delivery } = (await answer.json()) as { delivery: string };
  await rulesDone(world);
  return delivery;
}

/** Resolves when every delivery was looked at, and what came of it has ended. */
export async function rulesDone(world: World): Promise<void> {
  await world.app.running.features.rulesSettled();
  for (const { body: queued } of await world.records('job.queued'))
    await world.app.running.jobs.wait(queued.job.job_id);
}

export const decided = async (world: World): Promise<string[]> =>
  (await world.records('rule.decided')).map(({ body }) => body.decision);

/** What `rules explain` says, as data and as it is shown. */
export async function explained(world: World, delivery: string): Promise<string> {
  const { data, blocks } = await world.as('root', { command: 'rules explain', args: { delivery } });
  return JSON.stringify([data, blocks]);
}
