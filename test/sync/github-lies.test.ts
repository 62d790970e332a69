import { expect, test } from 'vitest';
import { fill } from '../standins/github/bulk.ts';
import { Many } from '../standins/github/many.ts';
import type { Listed } from '../standins/github/rest.ts';
import { runOf } from '../standins/github/payloads.ts';
import { mirrorScene } from './github-scene.ts';

/** A GitHub that says nothing of what follows a page. */
const page = (body: unknown, headers: Record<string, string> = {}) =>
  ({ kind: 'answer', answer: { status: 200, body, headers } }) as const;
const next = (path: string, to: number) => ({
  link: `<https://api.github.com${path}?page=${to}>; rel="next"`,
});

test('no JSON, half of it, no list: told, nothing is lost, and the other kinds go on', async () => {
  const { sync, rows, github, conflicts } = await mirrorScene(3);
  const answers = ['<html>busy</html>', '[{"id":1', '{"message":"hello"}', '[[[['];
  for (const body of answers) github.rest.faults.plan('GET *releases', page(body));
  expect((await sync()).status).toBe('PASS');
  expect(await conflicts()).toEqual([
    expect.stringMatching(/^acme\/shop releases: .*no list of releases: it is no JSON/),
    expect.stringMatching(/^acme\/till releases: .*it ends too early/),
  ]);
  expect(await rows('issues')).toHaveLength(6);
  expect(await rows('releases')).toEqual([]);
  await sync();
  expect(await conflicts()).toEqual([
    expect.stringMatching(/it holds no list/),
    expect.stringMatching(/it ends too early/),
  ]);
  await sync();
  expect(await rows('releases')).toHaveLength(6);
});

test('what should be a repository and is none is told, and the others go on', async () => {
  const { sync, rows, github, conflicts } = await mirrorScene(3);
  github.rest.faults.plan('GET /repos/acme/shop', page({ id: 'one', full_name: null }));
  expect((await sync()).status).toBe('PASS');
  expect(await conflicts()).toEqual(["acme/shop: GitHub's answer is no repository"]);
  expect(await rows('runs')).toHaveLength(3);
  github.rest.faults.plan('GET /repos/acme/shop', page('<html>'));
  await sync();
  expect(await conflicts()).toEqual(["acme/shop: GitHub's answer is no repository"]);
  await sync();
  expect(await rows('runs')).toHaveLength(6);
});

test('an item of 10 MB, wrong types, one of another repository: passed over and told, the others are kept', async () => {
  const { sync, rows, github, conflicts, repo, other } = await mirrorScene(0);
  const run = (id: number, over: object = {}) => runOf(repo, { id, ...over });
  const runs = [
    run(1),
    { ...run(2), display_title: 'x'.repeat(10 * 1024 * 1024) },
    { ...run(3), id: 'three' },
    { ...run(4), created_at: 'yesterday' },
    null,
    17,
    'text',
    { ...run(5), id: 1e300 },
    runOf(other, { id: 6 }),
    run(7),
  ];
  github.rest.faults.plan('GET *runs', page({ total_count: 9, workflow_runs: runs }));
  expect((await sync()).status).toBe('PASS');
  expect(new Set((await rows('runs')).map(({ id }) => id))).toEqual(new Set([1, 7]));
  const told = await conflicts();
  expect(told).toEqual([
    'acme/shop runs: 1 larger than 1024 KiB passed over',
    'acme/shop runs: 7 that no runs look like passed over',
  ]);
});

test('the same page for ever is left, and the next run begins anew', async () => {
  const { sync, rows, github, conflicts, repo, calls } = await mirrorScene(0);
  const one = [runOf(repo, { id: 1 }), runOf(repo, { id: 2 })];
  let asked = 0;
  for (let n = 2; n < 50; n++)
    github.rest.faults.plan(
      ({ path: at }) => at === `/repositories/${repo.id}/actions/runs` && ++asked > 0,
      page({ workflow_runs: one }, next('/x', n)),
    );
  expect((await sync()).status).toBe('PASS');
  expect(calls().filter((call) => call.endsWith(`${repo.id}/actions/runs`))).toHaveLength(4);
  expect(await conflicts()).toEqual([expect.stringMatching(/^acme\/shop runs: GitHub gives the same page/)]);
  expect(await rows('runs')).toHaveLength(2);
  github.rest.faults.clear();
  fill(repo, 3);
  await sync();
  expect(await conflicts()).toEqual([]);
  expect(await rows('runs')).toHaveLength(5);
});

test('a page of more than was asked for ends there', async () => {
  const { sync, github, conflicts, repo } = await mirrorScene(0);
  const runs = Array.from({ length: 5000 }, (_, n) => ({ id: n + 1, run: repo.id }));
  github.rest.faults.plan('GET *runs', page({ workflow_runs: runs }));
  expect((await sync()).status).toBe('PASS');
  expect(await conflicts()).toContainEqual(expect.stringMatching(/longer than the 100 that were asked for/));
});

test('new ones arrive between the pages: what moves on is seen twice and kept once, nothing is missed', async () => {
  const { sync, lines, rows, repo, other } = await mirrorScene(0);
  other.deleted = true;
  const minute = (n: number): string => new Date(Date.UTC(2025, 0, 1) + n * 60_000).toISOString();
  const make = (n: number) => runOf(repo, { id: n + 1, created_at: minute(n), updated_at: minute(n) });
  let length = 250;
  const growing: Listed = {
    length: 250,
    slice(from, to) {
      const part = new Many(length, make).slice(from, to);
      length += 30;
      return part;
    },
  };
  repo.many = { runs: growing as Many };
  expect((await sync()).status).toBe('PASS');
  const first = await lines();
  expect(new Set(first).size).toBe(first.length);
  const ids = new Set((await rows('runs')).map(({ id }) => id));
  for (let id = 60; id <= 250; id++) expect(ids).toContain(id);
  repo.many = { runs: new Many(length, make) };
  await sync();
  expect(await rows('runs')).toHaveLength(length);
  expect(new Set(await lines()).size).toBe(length);
});

test('what says it is of the year 2099 hides nothing that is new', async () => {
  const { sync, rows, repo, github } = await mirrorScene(0);
  repo.many = {};
  const late = '2099-01-01T00:00:00Z';
  repo.runs.push(runOf(repo, { id: 9, created_at: late, updated_at: late }));
  const ana = github.world.addUser('ana');
  Object.assign(github.addIssue(repo, ana, { title: 'late', labels: ['ops'] }), { updated_at: late });
  await sync();
  const now = new Date(Date.now() + 1000).toISOString();
  const of = { created_at: now, updated_at: now };
  github.addRun(repo, { status: 'completed', conclusion: 'success', ...of });
  Object.assign(github.addIssue(repo, ana, { title: 'now', labels: ['ops'] }), of);
  await sync();
  expect(await rows('runs')).toHaveLength(2);
  expect((await rows('issues')).map(({ title }) => title).toSorted()).toEqual(['late', 'now']);
});

test('5xx amid the pages, and a connection that is cut: the run ends with the reason, the next goes on there', async () => {
  const { sync, github, lines, calls, repo } = await mirrorScene(250);
  let pages = 0;
  github.rest.faults.plan(
    ({ path: at }) => at === `/repositories/${repo.id}/deployments` && ++pages > 1,
    { kind: 'answer', answer: { status: 502, body: { message: 'Server Error' } } },
    4,
  );
  const stopped = await sync();
  expect(stopped.status).toBe('FAIL');
  expect(stopped.log).toMatch(/acme\/shop deployments: GitHub: 502/);
  expect(await lines()).toHaveLength(250 + 100);
  let cut = 0;
  github.rest.faults.plan(({ path: at }) => at.endsWith('/actions/runs') && ++cut > 2, { kind: 'drop' }, 4);
  expect((await sync()).status).toBe('FAIL');
  expect(await lines()).toHaveLength(2 * 250 + 200);
  calls();
  expect((await sync()).status).toBe('PASS');
  expect(calls().filter((call) => call.includes(`200 /repositories/${repo.id}/releases`))).toEqual([]);
  const all = await lines();
  expect(all).toHaveLength(2 * 4 * 250);
  expect(new Set(all).size).toBe(all.length);
});
