import { expect, test } from 'vitest';
import { addRule, called, decided, explained } from '../rules/calls.ts';
import { commentPayload } from '../standins/github/payloads.ts';
import type { Schemas, User } from '../standins/github/world.ts';
import { HOOK, confirmIn, scene, type Scene } from './world.ts';

/** A daemon with a rule on every comment. */
async function withRule(): Promise<Scene> {
  const world = await scene();
  await addRule(world, 'on: github.issue_comment, runbook: touch, project: shop, env: dev');
  return world;
}
/** GitHub tells of a comment; resolves to the delivery. */
async function told(
  world: Scene,
  comment: Schemas['issue-comment'],
  sender: User,
  action: 'created' | 'edited' = 'created',
): Promise<string> {
  const payload = commentPayload(world.repo, { number: world.pull, comment, sender, action });
  const delivery = await called(world, world.github, HOOK, 'issue_comment', payload);
  await world.settled();
  return delivery;
}
const jobs = async (world: Scene): Promise<number> =>
  (await world.records('job.queued')).filter(({ body }) => body.job.anchor.id.startsWith('rule:')).length;
/** The comment that Reeve wrote, and as whom. */
function written(world: Scene): { comment: Schemas['issue-comment']; bot: User } {
  const bot = world.github.access.apps[0]?.bot;
  const comment = world.repo.comments.findLast(({ user }) => user?.id === bot?.id);
  if (bot === undefined || comment === undefined) throw new Error('Reeve wrote nothing');
  return { comment, bot };
}
const OWN =
  /It is Reeve's own comment \d+ on acme\/shop\..*"decision":"loop"|"decision":"loop".*It is Reeve's own comment \d+ on acme\/shop\./;

test('a rule on comments: what Reeve answers there, and edits, starts nothing, not even once; explain says whose it is', async () => {
  const world = await withRule();
  await told(
    world,
    world.github.comment(world.repo, world.users.ana, world.pull, '/reeve deploy dev'),
    world.users.ana,
  );
  expect([await decided(world), await jobs(world)]).toEqual([['run'], 1]);
  const { comment, bot } = written(world);
  // The plan: it names no job.
  expect(comment.body).not.toMatch(/job_[0-9a-f]{32}/);
  expect(await explained(world, await told(world, comment, bot))).toMatch(OWN);
  // The job runs, and the same comment is edited.
  await world.say(world.users.ana, confirmIn(comment.body));
  const edited = written(world).comment;
  expect(edited.id).toBe(comment.id);
  expect(await explained(world, await told(world, edited, bot, 'edited'))).toMatch(OWN);
  expect((await decided(world)).filter((one) => one === 'loop')).toHaveLength(2);
  expect(await jobs(world)).toBe(2);
});

test('it is here before GitHub has answered us: known by its mark; the mark copied by somebody afterwards is nobody’s', async () => {
  const world = await withRule();
  const { ana, eve } = world.users;
  const release = world.github.rest.faults.hold('POST */issues/1/comments');
  const asked = world.github.comment(world.repo, ana, world.pull, '/reeve deploy dev');
  await world.deliver(asked, ana);
  await world.app.running.features.rulesSettled();
  await expect.poll(() => world.records('github.asked')).toHaveLength(1);
  const [ask] = await world.records('github.asked');
  const mark = `<!-- reeve ${ask?.body.delivery ?? ''} -->`;
  const bot = world.github.access.apps[0]?.bot;
  if (bot === undefined) throw new Error('no app');
  const early = world.github.comment(world.repo, bot, world.pull, `${mark}\n\nA plan`);
  const payload = commentPayload(world.repo, { number: world.pull, comment: early, sender: bot });
  const delivery = await called(world, world.github, HOOK, 'issue_comment', payload);
  expect(await explained(world, delivery)).toMatch(OWN);
  release();
  // From then on it is known by its number.
  const wrote = async () => (await world.records('github.wrote')).map(({ body }) => body.what);
  await expect.poll(wrote, { timeout: 20_000 }).toContain('comment');
  await world.settled();
  expect(await jobs(world)).toBe(1);
  const copied = world.github.comment(world.repo, eve, world.pull, `${mark}\n\nStop nothing`);
  await told(world, copied, eve);
  expect((await decided(world)).at(-1)).toBe('run');
  // Somebody who edits ours did that.
  const { comment } = written(world);
  await told(world, comment, eve, 'edited');
  expect((await decided(world)).at(-1)).toBe('run');
});

test('what a script writes as the app that Reeve is counts as Reeve; another app does not', async () => {
  const world = await withRule();
  const [app] = world.github.access.apps;
  if (app === undefined) throw new Error('no app');
  const by = (id: number): Schemas['issue-comment'] => ({
    ...world.github.comment(world.repo, app.bot, world.pull, 'done'),
    performed_via_github_app: { id } as Schemas['issue-comment']['performed_via_github_app'],
  });
  await told(world, by(app.id), app.bot);
  await told(world, by(app.id + 1), app.bot);
  expect(await decided(world)).toEqual(['loop', 'run']);
});
