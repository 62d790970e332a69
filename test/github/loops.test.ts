import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { example } from '../standins/github/payloads.ts';
import { HOOK, SHA, scene, type Scene } from './world.ts';

/** A world with one rule that starts a deployment, which GitHub is told about. */
async function withRule(on: string): Promise<Scene> {
  const world = await scene();
  const yaml = await readFile(`${world.root}/reeve.yaml`, 'utf8');
  const rule = `rules:\n  again: { on: ${on}, runbook: touch, project: shop, env: dev, max: 3, within: 1h }\n`;
  await world.write('reeve.yaml', yaml + rule);
  for (const request of [
    { command: 'config reload' },
    { command: 'config accept', args: { mandate: 'rule:again' } },
  ]) {
    const reply = await world.as('root', { ...request, force: true });
    expect(reply.error).toBeUndefined();
  }
  return world;
}
/** GitHub calls in; resolves when all that comes of it was done and written. */
async function called(world: Scene, event: string, payload: object): Promise<string> {
  const { headers, body } = world.github.sign(event, payload, HOOK);
  const answer = await fetch(`${world.app.url}/webhooks/github`, { method: 'POST', headers, body });
  expect(answer.status).toBe(200);
  const { delivery } = (await answer.json()) as { delivery: string };
  await world.app.running.features.rulesSettled();
  for (const { body: queued } of await world.records('job.queued'))
    await world.app.running.jobs.wait(queued.job.job_id);
  await world.settled();
  return delivery;
}
const decided = async (world: Scene): Promise<string[]> =>
  (await world.records('rule.decided')).map(({ body }) => body.decision);
const explained = async (world: Scene, delivery: string): Promise<string> =>
  JSON.stringify((await world.as('root', { command: 'rules explain', args: { delivery } })).data);

test('a rule on deployment statuses whose runbook deploys: GitHub’s calls about our own deployment start nothing, and explain says what it follows from', async () => {
  const world = await withRule('github.deployment_status.created');
  const base = example('deployment_status', 'created');
  // Somebody else’s deployment starts it.
  await called(world, 'deployment_status', base);
  expect(await decided(world)).toEqual(['run']);
  const [job] = (await world.records('job.queued')).map(({ body }) => body.job.job_id);
  const [deployment] = world.repo.deployments;
  expect(world.repo.deploymentStatuses.length).toBeGreaterThan(0);
  for (const status of world.repo.deploymentStatuses) {
    const delivery = await called(world, 'deployment_status', {
      ...base,
      deployment: { ...base.deployment, ...deployment },
      deployment_status: { ...base.deployment_status, ...status },
    });
    const said = await explained(world, delivery);
    expect(said).toContain('"decision":"loop"');
    expect(said).toContain(`it follows from ${job}, which this rule started`);
  }
  expect((await decided(world)).slice(1).every((one) => one === 'loop')).toBe(true);
  expect(await world.records('job.queued')).toHaveLength(1);
});

test('the same for commit statuses', async () => {
  const world = await withRule('github.status');
  const base = example('status');
  await called(world, 'status', { ...base, sha: SHA });
  expect(world.repo.statuses.length).toBeGreaterThan(0);
  for (const { context, state, description } of world.repo.statuses)
    await called(world, 'status', { ...base, context, state, description });
  expect(new Set((await decided(world)).slice(1))).toEqual(new Set(['loop']));
  expect(await world.records('job.queued')).toHaveLength(1);
});

test('the same for deployments', async () => {
  const world = await withRule('github.deployment.created');
  const base = example('deployment', 'created');
  await called(world, 'deployment', base);
  expect(world.repo.deployments).toHaveLength(1);
  for (const deployment of world.repo.deployments)
    await called(world, 'deployment', { ...base, deployment: { ...base.deployment, ...deployment } });
  expect(await decided(world)).toEqual(['run', 'loop']);
  expect(await world.records('job.queued')).toHaveLength(1);
});

test('effects that name no job of ours are stopped by their number, and that is said and alarmed', async () => {
  const world = await withRule('github.push');
  const base = example('push');
  let last = '';
  // What a script pushes without saying for which job.
  for (let n = 0; n < 5; n++) last = await called(world, 'push', { ...base, after: String(n).repeat(40) });
  expect(await decided(world)).toEqual(['run', 'run', 'run', 'stopped', 'stopped']);
  expect(await explained(world, last)).toContain('stopped: it started 3 jobs');
  expect(world.app.running.features.alerts.list().map(({ key }) => key)).toContain('rule:again:stopped');
  expect(await world.records('job.queued')).toHaveLength(3);
});
