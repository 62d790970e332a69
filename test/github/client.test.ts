import { expect, test } from 'vitest';
import { clientOf, standin } from './rig.ts';

const LIMITED = { message: 'API rate limit exceeded for installation ID 1' };

async function open() {
  const github = await standin();
  const ana = github.world.addUser('ana');
  const repo = github.world.addRepo('acme', 'shop');
  const here = clientOf(
    github,
    { token: 'pat', repositories: { [repo.id]: 'shop', 'acme/other': 'other' } },
    { pat: github.access.token(ana) },
  );
  return { github, ana, repo, here, client: await here.client() };
}
const at = { owner: 'acme', repo: 'shop' } as const;

test('an app signs in by its own key, PKCS #1 as GitHub hands it out, and acts as its bot; a key that is none is named', async () => {
  const github = await standin();
  const app = github.addApp();
  const repo = github.world.addRepo('acme', 'shop');
  const ana = github.world.addUser('ana');
  const number = github.addPull(repo, ana, { sha: 'a'.repeat(40) });
  const spec = { app: { id: app.id, installation: app.installation } };
  const client = await clientOf(github, spec, { github_key: app.privateKey }).client();
  const path = 'POST /repos/{owner}/{repo}/issues/{issue_number}/comments';
  for (const body of ['one', 'two']) await client.request(path, { ...at, issue_number: number, body });
  expect(repo.comments.map(({ body, user }) => [body, user?.login])).toEqual([
    ['one', 'reeve[bot]'],
    ['two', 'reeve[bot]'],
  ]);
  // One token for both.
  expect(github.rest.calls.filter(({ path: called }) => called.endsWith('/access_tokens'))).toHaveLength(1);
  await expect(clientOf(github, spec, { github_key: 'no key' }).client()).rejects.toMatchObject({
    code: 'GITHUB_KEY_INVALID',
  });
});

test('pages are walked to the end by their Link headers', async () => {
  const { github, repo, ana, client } = await open();
  for (let n = 1; n <= 205; n++) github.addRelease(repo, ana, { tag_name: `v${n}` });
  const found = [];
  for await (const { data } of client.paginate.iterator('GET /repos/{owner}/{repo}/releases', {
    ...at,
    per_page: 100,
  }))
    found.push(data.length);
  expect(found).toEqual([100, 100, 5]);
  const runs = [github.addRun(repo), github.addRun(repo)];
  const listed = await client.paginate('GET /repos/{owner}/{repo}/actions/runs', { ...at, per_page: 1 });
  expect(listed.map(({ id }) => id)).toEqual(runs.toReversed().map(({ id }) => id));
});

test('what did not change is a 304 that counts against no limit', async () => {
  const { github, repo, ana, client } = await open();
  github.addRelease(repo, ana, { tag_name: 'v1' });
  const path = 'GET /repos/{owner}/{repo}/releases';
  const { headers } = await client.request(path, at);
  const left = github.rest.limit.remaining;
  const again = { ...at, headers: { 'if-none-match': headers.etag ?? '' } };
  await expect(client.request(path, again)).rejects.toMatchObject({ status: 304 });
  expect(github.rest.limit.remaining).toBe(left);
  github.addRelease(repo, ana, { tag_name: 'v2' });
  expect((await client.request(path, again)).data).toHaveLength(2);
});

test('a short limit is waited out within the call, primary and secondary; a long one is told with its time', async () => {
  const { github, here, client } = await open();
  github.secondaryLimit(1, 1);
  expect((await client.request('GET /repos/{owner}/{repo}', at)).data.name).toBe('shop');
  expect(here.said.join()).toMatch(/waits 1 s/);

  const reset = Math.floor(Date.now() / 1000) + 1800;
  Object.assign(github.rest.limit, { remaining: 0, reset });
  const before = github.rest.calls.length;
  const error: unknown = await client.request('GET /repos/{owner}/{repo}', at).catch((e: unknown) => e);
  const trouble = await here.trouble(error);
  expect(trouble).toMatchObject({ kind: 'later', why: expect.stringContaining(LIMITED.message) as string });
  expect(trouble?.kind === 'later' ? (trouble.ms ?? 0) : 0).toBeGreaterThan(1_700_000);
  expect(github.rest.calls.length).toBe(before + 1);

  github.rest.limit.remaining = 1;
  github.secondaryLimit(1, 1);
  const impatient: unknown = await client
    .request('GET /repos/{owner}/{repo}', { ...at, request: { patience: 0, retries: 0 } })
    .catch((e: unknown) => e);
  expect(await here.trouble(impatient)).toMatchObject({ kind: 'later', ms: 1000 });
});

test('a failure of GitHub is tried again; every kind of trouble is known by its kind', async () => {
  const { github, repo, here, client } = await open();
  github.rest.faults.plan('GET *', {
    kind: 'answer',
    answer: { status: 502, body: { message: 'Server Error' } },
  });
  expect((await client.request('GET /repos/{owner}/{repo}', at)).data.id).toBe(repo.id);

  const kindOf = async (work: Promise<unknown>) =>
    (
      await here.trouble(
        await work.then(
          () => undefined,
          (e: unknown) => e,
        ),
      )
    )?.kind;
  const once = { request: { retries: 0, patience: 0 } };
  const get = (more: object = {}) => client.request('GET /repos/{owner}/{repo}', { ...at, ...once, ...more });
  github.rest.faults.plan('GET *', {
    kind: 'answer',
    answer: { status: 503, body: { message: 'Unavailable' } },
  });
  expect(await kindOf(get())).toBe('later');
  github.rest.faults.plan('GET *', { kind: 'drop' });
  expect(await kindOf(get())).toBe('later');
  await github.goDown();
  expect(await kindOf(get())).toBe('later');
  await github.comeBack();
  expect(await kindOf(get({ repo: 'nothing' }))).toBe('gone');
  repo.deleted = true;
  expect(await kindOf(get())).toBe('gone');
  repo.deleted = false;
  github.access.revoke();
  expect(await kindOf(get())).toBe('credential');
  expect(await kindOf(clientOf(github, {}, {}).client())).toBe('credential');
  expect(await here.trouble(new Error('a mistake of ours'))).toBeUndefined();
});

test('a renamed repository is followed, also by what is written, and known by its number; other hosts are not followed', async () => {
  const { github, repo, ana, here, client } = await open();
  const number = github.addPull(repo, ana, { sha: 'a'.repeat(40) });
  github.world.move(repo, 'acme-inc', 'store');
  const path = 'POST /repos/{owner}/{repo}/issues/{issue_number}/comments';
  await client.request(path, { ...at, issue_number: number, body: 'still here' });
  expect(repo.comments.map(({ body }) => body)).toEqual(['still here']);
  expect(await here.repository('acme/shop')).toEqual({ id: repo.id, full_name: 'acme-inc/store' });
  expect(await here.repository(String(repo.id))).toEqual({ id: repo.id, full_name: 'acme-inc/store' });
  expect(here.projectOf({ id: repo.id, full_name: 'acme-inc/store' })).toBe('shop');
  expect(here.projectOf({ id: 7, full_name: 'Acme/Other' })).toBe('other');
  expect(here.projectOf({ id: 7, full_name: 'acme/toString' })).toBeUndefined();

  const location = 'http://127.0.0.1:9/steal';
  github.rest.faults.plan('GET *', { kind: 'answer', answer: { status: 302, headers: { location } } });
  const once = { ...at, request: { retries: 0 } };
  await expect(client.request('GET /repos/{owner}/{repo}', once)).rejects.toThrow(/not followed/);
});
