import { RequestError } from '@octokit/request-error';
import { expect, test } from 'vitest';
import { fail } from '../../contracts/errors.ts';
import { troubleOf } from '../../daemon/integrations/github/trouble.ts';
import { confirmIn, scene, type Scene } from './world.ts';

/** Until GitHub takes what is written: the outbox waits by itself, and nothing else says that it is done. */
async function written(world: Scene, done: () => boolean): Promise<void> {
  for (let n = 0; n < 400 && !done(); n++) {
    await world.settled();
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  expect(done()).toBe(true);
}
const ended = async (world: Scene): Promise<string> => {
  const [queued] = await world.records('job.queued');
  return (await world.app.running.jobs.wait(queued?.body.job.job_id ?? '')).status;
};
const posts = ({ github }: Scene, end: string) =>
  github.rest.calls.filter(({ method, path }) => method === 'POST' && path.endsWith(end));

test('GitHub is down while the job runs and the daemon starts anew: afterwards everything stands there once', async () => {
  const world = await scene();
  const asked = await world.say(world.users.ana, '/reeve deploy dev');
  const confirm = world.github.comment(world.repo, world.users.ana, world.pull, confirmIn(world.ours()[0]));
  await world.github.goDown();
  await world.deliver(confirm, world.users.ana);
  await world.settled();
  expect(await ended(world)).toBe('PASS');
  expect(world.repo.deployments).toEqual([]);
  await world.restart();
  await world.settled();
  await world.github.comeBack();
  await written(world, () => world.reactions(confirm).includes('rocket') && world.repo.statuses.length > 0);
  expect(world.ours()).toHaveLength(1);
  expect(world.ours()[0]).toContain('PASS');
  expect(world.reactions(asked)).toEqual(['eyes', 'rocket']);
  expect(world.repo.deployments).toHaveLength(1);
  expect(world.repo.deploymentStatuses.map(({ state }) => state)).toEqual(['success']);
  expect(await world.records('job.queued')).toHaveLength(1);
});

test('answers that are lost after the work was done double nothing: comment, deployment, its status, the commit’s', async () => {
  const world = await scene();
  const { faults } = world.github.rest;
  faults.plan('POST */issues/1/comments', { kind: 'lose-answer' });
  const asked = world.github.comment(world.repo, world.users.ana, world.pull, '/reeve deploy dev');
  await world.deliver(asked, world.users.ana);
  await written(world, () => world.ours().length > 0 && world.reactions(asked).length > 0);
  await written(world, () => posts(world, '/issues/1/comments').length === 1 && world.ours().length === 1);
  for (const path of ['*/deployments', '*/statuses', '*/statuses/*'])
    faults.plan(`POST ${path}`, { kind: 'lose-answer' });
  const confirm = await world.say(world.users.ana, confirmIn(world.ours()[0]));
  expect(await ended(world)).toBe('PASS');
  await written(world, () => world.repo.statuses.at(-1)?.state === 'success');
  await written(world, () => world.reactions(confirm).includes('rocket'));
  expect(world.ours()).toHaveLength(1);
  expect(posts(world, '/issues/1/comments')).toHaveLength(1);
  expect(world.repo.deployments).toHaveLength(1);
  const states = world.repo.deploymentStatuses.map(({ state }) => state);
  expect(new Set(states).size).toBe(states.length);
});

test('5xx and a secondary limit only put it off', async () => {
  const world = await scene();
  const down = { status: 503, body: { message: 'Unavailable' } };
  world.github.rest.faults.plan('POST */reactions', { kind: 'answer', answer: down });
  world.github.secondaryLimit(1, 1);
  const asked = await world.say(world.users.ana, '/reeve deploy dev');
  await written(world, () => world.ours().length === 1);
  expect(world.reactions(asked)).toEqual(['eyes']);
});

test('a token that is revoked raises an alert and loses nothing; with a new one it is written at once', async () => {
  const world = await scene();
  await world.say(world.users.ana, '/reeve deploy dev');
  const [app] = world.github.access.apps;
  // The app's key was replaced: what is signed with the old one is worth nothing.
  const other = world.github.addApp('other');
  const right = app?.publicKey;
  if (app === undefined || right === undefined) throw new Error('no app');
  app.publicKey = other.publicKey;
  world.github.access.revoke();
  await world.restart();
  const asked = await world.say(world.users.ana, '/reeve deploy dev --reason again');
  expect((await world.as('root', { command: 'alerts list' })).data).toMatchObject([
    { key: 'github:credential' },
  ]);
  expect(world.reactions(asked)).toEqual([]);
  await world.as('root', {
    command: 'secret set',
    args: { name: 'github_key', value: other.privateKey },
    force: true,
  });
  await written(world, () => world.reactions(asked).length === 1 && world.ours().length === 2);
  await written(world, () => world.app.store.ledger.health().writable);
});

test('a deleted repository is given up, once, and holds up nothing else; a renamed one is found', async () => {
  const world = await scene();
  world.github.world.move(world.repo, 'acme-inc', 'store');
  const asked = await world.say(world.users.ana, '/reeve deploy dev');
  await world.say(world.users.ana, confirmIn(world.ours()[0]));
  await ended(world);
  await written(world, () => world.reactions(asked).includes('rocket'));
  expect(world.repo.deploymentStatuses.at(-1)?.state).toBe('success');

  const comment = world.github.comment(
    world.repo,
    world.users.ana,
    world.pull,
    '/reeve deploy dev --reason more',
  );
  const release = world.github.rest.faults.hold('POST */reactions');
  await world.deliver(comment, world.users.ana);
  world.repo.deleted = true;
  release();
  await world.settled();
  await world.settled();
  expect((await world.records('github.given_up')).map(({ body }) => body.why)).toEqual([
    expect.stringContaining('404') as string,
  ]);
});

test('the same delivery twice, the same comment under another id, and a confirmation before its question do nothing more', async () => {
  const world = await scene();
  const { ana } = world.users;
  const comment = await world.say(ana, '/reeve deploy dev', { id: 'one' });
  const before = world.github.rest.calls.length;
  await world.deliver(comment, ana, { id: 'one' });
  world.repo.comments[1] = { ...comment, number: world.pull, author_association: 'OWNER' };
  await world.deliver({ ...comment, author_association: 'OWNER' }, ana, { id: 'two' });
  await world.settled();
  expect(await world.records('github.asked')).toHaveLength(1);
  expect(world.github.rest.calls.length).toBe(before);
  await world.restart();
  await world.settled();
  expect(await world.records('github.asked')).toHaveLength(1);

  await world.say(ana, '/reeve confirm 00000000000000000000');
  expect(await world.records('job.queued')).toEqual([]);
});

test('a ledger that takes nothing for a while: nothing is given up, and what stands on GitHub already is found there', async () => {
  const world = await scene();
  const { ledger } = world.app.store;
  const append = ledger.append.bind(ledger);
  const refused: string[] = [];
  ledger.append = (type, ...more) => {
    if (!type.startsWith('github.wrote') && type !== 'github.given_up') return append(type, ...more);
    refused.push(type);
    return Promise.reject(fail('LEDGER_DISK_FULL'));
  };
  const asked = await world.say(world.users.ana, '/reeve deploy dev');
  expect(refused).toEqual(['github.wrote']);
  ledger.append = append;
  const value = world.github.access.apps[0]?.privateKey ?? '';
  await world.as('root', { command: 'secret set', args: { name: 'github_key', value }, force: true });
  await written(world, () => world.ours().length === 1 && world.reactions(asked).includes('eyes'));
  expect(world.ours()[0]).toContain('/reeve confirm');
  expect(world.reactions(asked)).toEqual(['eyes']);
  expect(posts(world, '/issues/1/comments')).toHaveLength(1);
  expect(await world.records('github.given_up')).toEqual([]);
});

test('a limit of which GitHub does not say how long it lasts is waited out, and not asked against', () => {
  const limited = (headers: Record<string, string>) =>
    troubleOf(
      new RequestError('API rate limit exceeded', 403, {
        request: { method: 'GET', url: 'https://api.github.com/', headers: {} },
        response: { status: 403, url: '', data: {}, headers: { 'x-ratelimit-remaining': '0', ...headers } },
      }),
      1000,
    );
  expect(limited({})).toMatchObject({ kind: 'later', ms: 60_000 });
  expect(limited({ 'x-ratelimit-reset': 'soon' })).toMatchObject({ kind: 'later', ms: 60_000 });
  expect(limited({ 'x-ratelimit-reset': '3' })).toMatchObject({ kind: 'later', ms: 3000 });
});
