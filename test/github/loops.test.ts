import { expect, test } from 'vitest';
import { addRule, called as calledIn, decided, explained } from '../rules/calls.ts';
import { example } from '../standins/github/payloads.ts';
import { HOOK, SHA, scene, type Scene } from './world.ts';

/** A world with one rule that starts a deployment, which GitHub is told about. */
async function withRule(on: string): Promise<Scene> {
  const world = await scene();
  await addRule(world, `on: ${on}, runbook: touch, project: shop, env: dev`);
  return world;
}
/** GitHub calls in; resolves when all that comes of it was done and written. */
async function called(world: Scene, event: string, payload: object): Promise<string> {
  const delivery = await calledIn(world, world.github, HOOK, event, payload);
  await world.settled();
  return delivery;
}

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
