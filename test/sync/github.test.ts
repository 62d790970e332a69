import { appendFile, readFile, stat, truncate, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { expect, test } from 'vitest';
import { example, runOf } from '../standins/github/payloads.ts';
import { mirrorScene } from './github-scene.ts';

const KINDS = ['releases', 'deployments', 'runs', 'issues'];

test('everything once; again nothing has changed, and GitHub is asked with its ETags', async () => {
  const { sync, lines, calls, rows, world } = await mirrorScene(230);
  expect((await sync()).status).toBe('PASS');
  const first = await lines();
  expect(first).toHaveLength(2 * 4 * 230);
  expect(new Set(first).size).toBe(first.length);
  expect(calls().filter((call) => call.includes(' 200 /repositories/'))).toHaveLength(0 + 2 * 4 * 3);
  expect((await world.records('sync.advanced')).at(-1)?.body.counts).toMatchObject({
    new: 1840,
    changed: 0,
    repositories: 2,
  });
  for (const kind of KINDS) expect(await rows(kind)).toHaveLength(460);
  expect((await rows('issues'))[0]).toMatchObject({ title: 'issue 229', state: 'open' });
  expect((await sync()).status).toBe('PASS');
  // The issues are now asked for from the newest on, which is another question.
  expect(calls().filter((call) => call.includes(' 304 '))).toHaveLength(2 * 2);
  await sync();
  expect(calls().filter((call) => call.includes(' 304 '))).toHaveLength(2 * 3);
  expect(await lines()).toEqual(first);
});

test('incremental: what is new and what is changed is had with the pages that may hold it', async () => {
  const { sync, lines, calls, rows, repo, github } = await mirrorScene(2);
  repo.many = {};
  const ana = github.world.addUser('ana');
  github.addRelease(repo, ana, { tag_name: 'v1.0.0' });
  github.addIssue(repo, ana, { title: 'the disk is full', labels: ['ops'] });
  github.addIssue(repo, ana, { title: 'a typo', labels: ['docs'] });
  const run = github.addRun(repo, { status: 'in_progress', conclusion: null });
  await sync();
  expect((await rows('issues')).map(({ title }) => title)).toContain('the disk is full');
  expect((await rows('issues')).map(({ title }) => title)).not.toContain('a typo');
  const before = await lines();
  Object.assign(run, { status: 'completed', conclusion: 'failure', updated_at: '2030-01-01T00:00:00Z' });
  github.addRelease(repo, ana, { tag_name: 'v1.1.0' });
  github.world.rename(ana, 'anna');
  calls();
  expect((await sync()).status).toBe('PASS');
  expect((await rows('runs')).find(({ id }) => id === Number(run.id))?.state).toBe('failure');
  expect((await rows('releases')).map(({ title }) => title)).toEqual(
    expect.arrayContaining(['v1.0.0', 'v1.1.0']),
  );
  expect((await lines()).length).toBeGreaterThan(before.length);
});

test('a dry run tells and writes nothing; --since begins at its day', async () => {
  const { sync, lines, rows, world } = await mirrorScene(150);
  const dry = await sync({ dry_run: true });
  expect(dry.status).toBe('PASS');
  expect(dry.log).toContain('progress 2/2');
  expect(await lines()).toEqual([]);
  await expect(stat(path.join(world.home, 'mirror'))).rejects.toThrow('ENOENT');
  expect(await world.records('sync.advanced')).toEqual([]);
  // The stand-in has one a minute from 2025-01-01 on.
  await sync({ since: '2025-01-02' });
  expect(await rows('releases')).toEqual([]);
  await sync({ since: '2025-01-01' });
  expect(await rows('releases')).toHaveLength(300);
  const wrong = await sync({ since: '2025-02-31' });
  expect(wrong.status).toBe('FAIL');
});

test('a repository that is gone, one that was renamed, a permission that was lost: told, and the rest goes on', async () => {
  const { sync, rows, repo, other, github, conflicts } = await mirrorScene(3);
  github.world.move(repo, 'acme', 'store');
  github.rest.faults.plan(
    ({ path: at }) => at.endsWith('/actions/runs'),
    {
      kind: 'answer',
      answer: { status: 403, body: { message: 'Resource not accessible by personal access token' } },
    },
    1,
  );
  expect((await sync()).status).toBe('PASS');
  expect(await conflicts()).toEqual([
    expect.stringMatching(/^acme\/shop is acme\/store now \(number \d+\)/),
    expect.stringMatching(/^acme\/store runs: .*no permission \(Actions: read\).*403/),
  ]);
  expect(await rows('runs')).toHaveLength(3);
  expect(await rows('issues')).toHaveLength(6);
  // Somebody takes the old name: what was mirrored goes on by its number.
  github.world.addRepo('acme', 'shop');
  other.deleted = true;
  await sync();
  expect(await conflicts()).toEqual([
    expect.stringMatching(/^acme\/shop is acme\/store now/),
    expect.stringMatching(/^acme\/till: it is deleted, or the token has no permission.*404/),
  ]);
  // What was mirrored of it stays.
  expect((await rows('issues')).filter(({ repository }) => repository === 'acme/till')).toHaveLength(3);
  expect((await rows('runs')).filter(({ repository }) => repository === 'acme/store')).toHaveLength(3);
});

test('a short secondary limit is waited out; a long one ends the run, and the next goes on there', async () => {
  const { sync, github, lines, calls } = await mirrorScene(250);
  github.secondaryLimit(1);
  let pages = 0;
  github.rest.faults.plan(({ path: at }) => at.endsWith('/releases') && ++pages === 3, {
    kind: 'answer',
    answer: {
      status: 403,
      headers: { 'retry-after': '3600' },
      body: { message: 'You have exceeded a secondary rate limit' },
    },
  });
  const stopped = await sync();
  expect(stopped.status).toBe('FAIL');
  expect(stopped.log).toMatch(/secondary rate limit.*may go on in 3600 s/);
  const half = await lines();
  expect(half).toHaveLength(200);
  calls();
  expect((await sync()).status).toBe('PASS');
  const all = await lines();
  expect(all).toHaveLength(2 * 4 * 250);
  expect(new Set(all).size).toBe(all.length);
  // It goes on at the third page, and then looks at the newest: the first says 304.
  expect(calls().filter((call) => call.endsWith('/releases'))).toHaveLength(1 + 1 + 3);
});

test('deliveries update the mirror; an older one changes nothing; what was deleted does not come back', async () => {
  const { deliver, rows, repo, sync, lines, conflicts } = await mirrorScene(2);
  const at = (over: object) => ({
    action: 'completed',
    workflow_run: runOf(repo, { id: 77, created_at: '2026-01-01T00:00:00Z', ...over }),
  });
  const state = async () => (await rows('runs')).find(({ id }) => id === 77)?.state;
  await deliver(
    'workflow_run',
    at({ status: 'completed', conclusion: 'failure', updated_at: '2026-01-01T00:02:00Z' }),
  );
  expect(await state()).toBe('failure');
  await deliver(
    'workflow_run',
    at({ status: 'in_progress', conclusion: null, updated_at: '2026-01-01T00:01:00Z' }),
  );
  await deliver(
    'workflow_run',
    at({ status: 'queued', conclusion: null, updated_at: '2026-01-01T00:02:00Z' }),
  );
  expect(await state()).toBe('failure');
  await deliver(
    'workflow_run',
    at({ status: 'completed', conclusion: 'success', updated_at: '2026-01-01T00:05:00Z' }),
  );
  expect(await state()).toBe('success');
  const { release } = example('release', 'published');
  await deliver('release', { action: 'published', release: { ...release, id: 5 } });
  await deliver('release', { action: 'deleted', release: { ...release, id: 5 } });
  await deliver('release', { action: 'edited', release: { ...release, id: 5, name: 'late' } });
  expect((await rows('releases')).map(({ id }) => id)).not.toContain(5);
  const { issue } = example('issues', 'labeled');
  await deliver('issues', { action: 'opened', issue: { ...issue, id: 6, labels: [{ name: 'docs' }] } });
  expect(await lines()).not.toContain(`${repo.id}/issues.jsonl 6`);
  await deliver('issues', {
    action: 'labeled',
    issue: { ...issue, id: 6, labels: [{ name: 'ops' }], updated_at: '2029-01-01T00:00:00Z' },
  });
  expect((await rows('issues')).map(({ id }) => id)).toContain(6);
  await deliver('issues', {
    action: 'unlabeled',
    issue: { ...issue, id: 6, labels: [], updated_at: '2029-01-01T00:01:00Z' },
  });
  expect((await rows('issues')).map(({ id }) => id)).not.toContain(6);
  // GitHub lists what is older than what it told: that is said, and not taken.
  repo.many = {};
  repo.runs.push(
    runOf(repo, {
      id: 77,
      status: 'in_progress',
      conclusion: null,
      created_at: '2026-01-01T00:00:00Z',
      updated_at: '2026-01-01T00:01:00Z',
    }),
  );
  await sync();
  expect(await state()).toBe('success');
  expect(await conflicts()).toEqual([
    expect.stringMatching(/^acme\/shop: runs 77 .*newer here than GitHub lists it/),
  ]);
});

test('a torn end is cut, a damaged line is fetched again', async () => {
  const { world, sync, lines, rows, repo } = await mirrorScene(120);
  await sync();
  const file = path.join(world.home, 'mirror', String(repo.id), 'runs.jsonl');
  await world.restart();
  await truncate(file, (await stat(file)).size - 7);
  await appendFile(file, '');
  await sync();
  const mine = (await lines()).filter((line) => line.startsWith(`${repo.id}/runs`));
  expect(mine).toHaveLength(120);
  await world.restart();
  const bytes = await readFile(file);
  bytes[20] = 0x58;
  await writeFile(file, bytes);
  expect(await rows('runs')).toHaveLength(239);
  await sync();
  expect(await rows('runs')).toHaveLength(240);
  expect(new Set(await lines()).size).toBe((await lines()).length);
});
