import { expect, test } from 'vitest';
import type { Schemas } from '../standins/github/world.ts';
import { confirmIn, scene, type Scene } from './world.ts';

const DAY = 86_400_000;

/** Yesterday's comment comes today for the first time: somebody pressed "Redeliver" over there, or no daemon ran. */
async function late(world: Scene): Promise<{ comment: Schemas['issue-comment']; delivery: string }> {
  const comment = world.github.comment(world.repo, world.users.ana, world.pull, '/reeve deploy dev');
  comment.created_at = new Date(Date.now() - DAY).toISOString();
  await world.deliver(comment, world.users.ana);
  await world.settled();
  return { comment, delivery: (await world.records('webhook.received')).at(-1)?.body.delivery ?? '' };
}
const codes = async (world: Scene): Promise<string[]> =>
  (await world.records('admission.refused')).map(({ body }) => body.error.code);
async function again(world: Scene, delivery: string): Promise<void> {
  const reply = await world.as('root', { command: 'webhook redeliver', args: { delivery }, force: true });
  expect(reply.error).toBeUndefined();
  await world.settled();
}

test('an old comment is refused where it stands, with what to do; show and explain say so; redelivered by a person here it asks for its plan', async () => {
  const world = await scene();
  const { comment, delivery } = await late(world);
  expect(world.reactions(comment)).toEqual(['confused']);
  expect(world.ours()[0]).toContain('The comment is 1d 0h old, and counts for no more than 1h 00m.');
  expect(world.ours()[0]).toContain(`reeve webhook redeliver ${delivery}`);
  for (const command of ['webhook show', 'rules explain']) {
    const { data, blocks } = await world.as('root', { command, args: { delivery } });
    expect(data).toMatchObject({ command: { person: 'ana', outcome: 'refused' } });
    expect(JSON.stringify(blocks), command).toContain('by ana: refused, The comment is 1d 0h old');
  }
  // Whoever may not administer may not let it count.
  const no = await world.as('ana', { command: 'webhook redeliver', args: { delivery }, force: true });
  expect(no.error?.code).toBe('FORBIDDEN');

  await again(world, delivery);
  expect(await codes(world)).toEqual(['GITHUB_LATE', 'FORBIDDEN']);
  expect(world.ours()).toHaveLength(1);
  // Nothing runs before its author has said so.
  expect(await world.records('job.queued')).toEqual([]);
  const shown = await world.as('root', { command: 'webhook show', args: { delivery } });
  expect(shown.data).toMatchObject({ command: { outcome: 'confirm' }, again: 1 });
  await world.say(world.users.ana, confirmIn(world.ours()[0]));
  const [queued] = await world.records('job.queued');
  expect((await world.app.running.jobs.wait(queued?.body.job.job_id ?? '')).status).toBe('PASS');
});

test('it counts only as it stands there: deleted, edited, or not to be seen, it asks for nothing', async () => {
  const world = await scene();
  const gone = await late(world);
  world.repo.comments = world.repo.comments.filter(({ id }) => id !== gone.comment.id);
  await again(world, gone.delivery);
  expect(world.ours().at(-1)).toContain('it was deleted');
  const edited = await late(world);
  edited.comment.body = '/reeve deploy prod';
  await again(world, edited.delivery);
  expect(world.ours().at(-1)).toContain('it says something else now');
  const unseen = await late(world);
  world.github.rest.faults.plan(
    'GET */issues/comments/*',
    { kind: 'answer', answer: { status: 403, body: { message: 'Resource not accessible' } } },
    1,
  );
  await again(world, unseen.delivery);
  expect((await codes(world)).filter((code) => code === 'GITHUB_WITHDRAWN')).toHaveLength(3);
  // Seen now, it counts.
  await again(world, unseen.delivery);
  confirmIn(world.ours().at(-1));
  expect(await world.records('job.queued')).toEqual([]);
});
