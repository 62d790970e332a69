import { expect, test } from 'vitest';
import { SHA, confirmIn, scene, type Scene } from './world.ts';

const endOf = async (world: Scene): Promise<string> => {
  const [queued] = await world.records('job.queued');
  const { status } = await world.app.running.jobs.wait(queued?.body.job.job_id ?? '');
  await world.settled();
  return status;
};

test('a command shows its plan, is confirmed, runs, and ends in the one comment that is edited; deployment and status stand at the head of the pull request', async () => {
  const world = await scene();
  const { ana } = world.users;
  const asked = await world.say(ana, '/reeve deploy dev\nplease');
  expect(world.reactions(asked)).toEqual(['eyes']);
  expect(world.ours()).toHaveLength(1);
  expect(world.ours()[0]).toContain('echo "$REEVE_INPUT_NAME"');
  expect(await world.records('job.queued')).toEqual([]);

  const confirmed = await world.say(ana, confirmIn(world.ours()[0]));
  expect(await endOf(world)).toBe('PASS');
  const [queued] = await world.records('job.queued');
  const { job_id: job, anchor, requested_by } = queued?.body.job ?? {};
  expect([anchor?.kind, requested_by]).toEqual(['interaction', 'ana']);
  expect(world.ours()).toHaveLength(1);
  expect(world.ours()[0]).toContain(job);
  expect(world.ours()[0]).toContain('PASS');
  expect(world.ours()[0]).toContain('✓ leave');
  expect(world.reactions(asked)).toEqual(['eyes', 'rocket']);
  expect(world.reactions(confirmed)).toEqual(['eyes', 'rocket']);

  expect(world.repo.deployments).toMatchObject([
    { sha: SHA, environment: 'dev', task: 'deploy', payload: { reeve_job: job } },
  ]);
  expect(world.repo.deploymentStatuses.at(-1)).toMatchObject({ state: 'success' });
  expect(world.repo.statuses.at(-1)).toMatchObject({
    sha: SHA,
    state: 'success',
    context: 'reeve/deploy/dev',
  });
});

test('who is nobody here, a bot and an edited comment are refused with a record and get no answer; names count for nothing', async () => {
  const world = await scene();
  const { ana, eve, bot } = world.users;
  await world.say(eve, '/reeve deploy dev');
  await world.say(bot, '/reeve deploy dev');
  await world.say(ana, '/reeve deploy dev', { action: 'edited' });
  // She takes the name that became free.
  world.github.world.rename(ana, 'ana-lima');
  world.github.world.rename(eve, 'ana');
  await world.say(eve, '/reeve deploy dev');
  const refused = (await world.records('admission.refused')).map(({ body }) => body);
  expect(refused.map(({ error }) => error.code)).toEqual([
    'PERSON_UNKNOWN',
    'GITHUB_BOT',
    'GITHUB_EDITED',
    'PERSON_UNKNOWN',
  ]);
  expect(refused.every(({ actor }) => actor.via === 'github')).toBe(true);
  expect([world.ours(), world.repo.reactions, await world.records('github.asked')]).toEqual([[], [], []]);
  // The renamed person is still herself.
  await world.say(ana, '/reeve deploy dev');
  expect(confirmIn(world.ours()[0])).toMatch(/confirm/);
});

test('prod waits for another person: own approval is refused, the approval runs it, and the first comment shows it', async () => {
  const world = await scene();
  const { ana, ben } = world.users;
  await world.say(ana, '/reeve deploy prod --reason "to sell more"');
  await world.say(ana, confirmIn(world.ours()[0]));
  const approve = /\/reeve approve req_[0-9a-f]{24}/.exec(world.ours()[0] ?? '')?.[0] ?? '';
  expect(approve).not.toBe('');
  expect(await world.records('job.queued')).toEqual([]);

  const own = await world.say(ana, approve);
  expect(world.reactions(own)).toContain('confused');
  expect(await world.records('job.queued')).toEqual([]);

  await world.say(ben, approve);
  const shown = world.ours().at(-1);
  await world.say(ben, confirmIn(shown));
  expect(await endOf(world)).toBe('PASS');
  expect(world.ours()[0]).toContain('PASS');
  expect(world.repo.deploymentStatuses.at(-1)?.state).toBe('success');
});

test.each([
  ['/reeve deploy dev --force', /--force|confirm/],
  ['/reeve deploy dev --project other', /belongs to shop/],
  ['/reeve status', /everybody who reads the repository/],
  ['/reeve secret set --name x --value y', /everybody|not for|no /i],
  ['/reeve confirm 0123456789abcdef', /Nothing of yours/],
  ['/reeve nonsense', /nonsense/],
])('%s is refused, and says why', async (line, why) => {
  const world = await scene();
  const comment = await world.say(world.users.ana, line);
  expect(world.reactions(comment)).toEqual(['confused']);
  expect(world.ours()[0]).toMatch(why);
  expect(await world.records('job.queued')).toEqual([]);
  expect(await world.records('grant.issued')).toEqual([]);
});

test('attack 46: what a comment says comes back harmless: nothing runs, mentions nobody, links nothing, closes no comment of ours', async () => {
  const world = await scene();
  const evil =
    '$(touch /tmp/owned) @acme/everyone #1 --> <img src=x> [x](https://evil.example) www.evil.example GH-1';
  await world.say(world.users.ana, `/reeve deploy dev --runbook '${evil}'`);
  await world.say(world.users.ana, `/reeve deploy dev --reason '${evil}'`);
  await world.say(world.users.ana, `/reeve ${evil}`);
  const written = world
    .ours()
    .join('\n')
    .replaceAll(/^<!-- reeve dlv_[0-9a-f]{24} -->$/gm, '');
  const prose = written.replaceAll(/```text\n[\s\S]*?\n```/g, '').replaceAll(/`[^`\n]+`/g, '');
  expect(prose).not.toMatch(/@acme|#1|<img|-->|\]\(http|https:\/\/evil|www\.evil|\bGH\\?-1/);
  expect(written).toContain('touch');
});

test('a confirmation of somebody else, or of another pull request, confirms nothing', async () => {
  const world = await scene();
  await world.say(world.users.ana, '/reeve deploy dev');
  const line = confirmIn(world.ours()[0]);
  await world.say(world.users.ben, line);
  expect(await world.records('job.queued')).toEqual([]);
  expect((await world.records('admission.refused')).map(({ body }) => body.error.code)).toEqual([
    'GITHUB_CONFIRM_UNKNOWN',
  ]);
});
