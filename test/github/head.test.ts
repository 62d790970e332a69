import { expect, test } from 'vitest';
import { RUNBOOKS } from '../helpers/app.ts';
import { SHA, confirmIn, scene, type Scene } from './world.ts';

const LATER = 'c'.repeat(40);
/** The same runbook, with the commit as an input. */
const WITH_COMMIT = {
  'touch.md': (RUNBOOKS['touch.md'] ?? '')
    .replace(
      'inputs: {',
      () => "inputs: { commit: { type: string, optional: true, pattern: '^[0-9a-f]{40}$' },",
    )
    .replace('echo "$REEVE_INPUT_NAME"', () => 'echo "$REEVE_INPUT_COMMIT"'),
};
const codes = async (world: Scene) =>
  (await world.records('admission.refused')).map(({ body }) => body.error.code);
const push = (world: Scene, sha: string): void => {
  const pull = world.repo.pulls.find(({ number }) => number === world.pull);
  if (pull !== undefined) pull.head.sha = sha;
};
const end = async (world: Scene): Promise<string> => {
  const [queued] = await world.records('job.queued');
  const { status } = await world.app.running.jobs.wait(queued?.body.job.job_id ?? '');
  await world.settled();
  return status;
};

test('what is deployed is the commit that the plan shows, whatever is pushed before the confirmation, after it, and while it runs', async () => {
  const world = await scene(WITH_COMMIT);
  await world.say(world.users.ana, '/reeve deploy dev');
  expect(world.ours()[0]).toContain(SHA);
  push(world, LATER);
  const comment = world.github.comment(world.repo, world.users.ana, world.pull, confirmIn(world.ours()[0]));
  await world.deliver(comment, world.users.ana);
  push(world, 'd'.repeat(40));
  await world.settled();
  expect(await end(world)).toBe('PASS');
  const [queued] = await world.records('job.queued');
  expect(queued?.body.job.inputs).toMatchObject({ commit: SHA });
  expect(world.repo.deployments.map(({ sha }) => sha)).toEqual([SHA]);
  expect(world.repo.statuses.at(-1)).toMatchObject({ sha: SHA, state: 'success' });
  // Asked again, it is the new one.
  await world.say(world.users.ana, '/reeve deploy dev --reason "once more"');
  expect(world.ours().at(-1)).toContain('d'.repeat(40));
});

test('a runbook that takes no commit is reported at the commit that stood there when it was asked for', async () => {
  const world = await scene();
  await world.say(world.users.ana, '/reeve deploy dev');
  push(world, LATER);
  await world.say(world.users.ana, confirmIn(world.ours()[0]));
  expect(await end(world)).toBe('PASS');
  expect(world.repo.deployments.map(({ sha }) => sha)).toEqual([SHA]);
});

test('a commit that the comment names stays; one that is none is refused by the runbook', async () => {
  const world = await scene(WITH_COMMIT);
  await world.say(world.users.ana, `/reeve deploy dev --input commit=${LATER}`);
  expect(world.ours()[0]).toContain(LATER);
  for (const evil of ['--upload-pack=touch', 'main;touch', '{{head}}', `${SHA}x`])
    await world.say(world.users.ana, `/reeve deploy dev --input 'commit=${evil}'`);
  expect(await codes(world)).toEqual(Array.from({ length: 4 }, () => 'INPUT_INVALID'));
  expect(await world.records('job.queued')).toEqual([]);
});

test('nothing is run for a pull request from a fork, also one that was deleted, whoever asks; approving what was asked elsewhere is no part of that', async () => {
  const world = await scene(WITH_COMMIT);
  const fork = world.github.world.addRepo('mallory', 'shop');
  for (const from of [fork, null]) {
    const number = world.github.addPull(world.repo, world.users.eve, { sha: LATER, fork: from });
    for (const line of [
      '/reeve deploy dev',
      `/reeve deploy dev --input commit=${SHA}`,
      '/reeve rollback dev',
    ]) {
      const comment = world.github.comment(world.repo, world.users.ana, number, line);
      await world.deliver(comment, world.users.ana, { number });
      await world.settled();
      expect(world.reactions(comment)).toEqual(['confused']);
    }
  }
  expect(await codes(world)).toEqual(Array.from({ length: 6 }, () => 'GITHUB_FORK'));
  expect(world.ours()[0]).toMatch(/the fork mallory/);
  expect([await world.records('job.queued'), await world.records('grant.issued')]).toEqual([[], []]);
  expect([world.repo.deployments, world.repo.statuses]).toEqual([[], []]);
});

test('while GitHub does not say what the head is, nothing is planned, and it is said', async () => {
  const world = await scene(WITH_COMMIT);
  world.github.rest.faults.plan(
    'GET */pulls/*',
    { kind: 'answer', answer: { status: 404, body: { message: 'Not Found' } } },
    1,
  );
  const comment = await world.say(world.users.ana, '/reeve deploy dev');
  expect([world.reactions(comment), await codes(world)]).toEqual([['confused'], ['GITHUB_HEAD']]);
  expect(world.ours()[0]).toMatch(/404/);
  await world.say(world.users.ana, '/reeve deploy dev');
  expect(confirmIn(world.ours().at(-1))).toMatch(/confirm/);
});

test('an app that writes in somebody’s name, an issue that is no pull request, and a comment of yesterday ask for nothing', async () => {
  const world = await scene();
  const { ana } = world.users;
  const said = (over: object) => ({
    ...world.github.comment(world.repo, ana, world.pull, '/reeve deploy dev'),
    ...over,
  });
  await world.deliver(said({ performed_via_github_app: { id: 1, slug: 'helper' } }), ana);
  await world.deliver(said({}), ana, { issue: true });
  await world.deliver(said({ created_at: new Date(Date.now() - 86_400_000).toISOString() }), ana);
  await world.settled();
  expect(await codes(world)).toEqual(['GITHUB_BOT', 'GITHUB_PLACE', 'GITHUB_LATE']);
  expect(await world.records('job.queued')).toEqual([]);
});

test('a repository that moved to another owner is still itself; another one under its old name is nobody’s', async () => {
  const world = await scene();
  const { ana } = world.users;
  world.github.world.move(world.repo, 'umbrella', 'shop');
  await world.say(ana, '/reeve deploy dev');
  expect(confirmIn(world.ours()[0])).toMatch(/confirm/);
  const squatter = world.github.world.addRepo('acme', 'shop');
  const number = world.github.addPull(squatter, ana, { sha: SHA });
  const comment = world.github.comment(squatter, ana, number, '/reeve deploy dev');
  await world.deliver(comment, ana, { number, repo: squatter });
  await world.settled();
  expect(await codes(world)).toEqual(['GITHUB_PLACE']);
  expect(squatter.comments).toHaveLength(1);
});
