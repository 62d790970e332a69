import { readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { expect, test } from 'vitest';
import { Many } from '../standins/github/many.ts';
import { runOf } from '../standins/github/payloads.ts';
import { mirrorScene, type MirrorScene } from './github-scene.ts';

const DAY = 86_400_000;
const iso = (ms: number): string => new Date(ms).toISOString();
const at = (day: string): number => Date.parse(`${day}T00:00:00Z`);

/** One run a day, from 2025-01-01 on. */
function days({ repo, other }: MirrorScene, length: number): void {
  other.deleted = true;
  const make = (n: number) => {
    const when = iso(at('2025-01-01') + n * DAY + DAY / 2);
    return runOf(repo, { id: n + 1, created_at: when, updated_at: when });
  };
  repo.many = { runs: new Many(length, make) };
}
const upTo = async ({ world }: MirrorScene): Promise<string> =>
  (await world.records('sync.advanced')).at(-1)?.body.cursor ?? '';

test('--since first: what is older is not there and that is said; a run without it fetches it', async () => {
  const scene = await mirrorScene(0);
  const { sync, rows, world, lines } = scene;
  days(scene, 250);
  await sync({ since: '2025-08-01' });
  // 212 days lie before the first of August.
  expect(await rows('runs')).toHaveLength(250 - 212);
  expect(await upTo(scene)).toMatch(/, only since 2025-08-01$/);
  const status = await world.as('root', { command: 'sync status', args: { job: 'github' } });
  expect(JSON.stringify(status)).toContain('only since 2025-08-01');
  await sync({ since: '2025-07-01' });
  expect(await rows('runs')).toHaveLength(250 - 181);
  // A later day does not take away what is known.
  await sync({ since: '2025-08-15' });
  expect(await upTo(scene)).toMatch(/, only since 2025-07-01$/);
  await sync();
  expect(await rows('runs')).toHaveLength(250);
  expect(await upTo(scene)).not.toContain('only');
  const all = await lines();
  expect(new Set(all).size).toBe(all.length);
});

test('--since after a gap leaves none; --since on all that is there says nothing', async () => {
  const scene = await mirrorScene(0);
  const { sync, rows } = scene;
  days(scene, 20);
  await sync();
  days(scene, 250);
  await sync({ since: '2025-09-01' });
  expect(await rows('runs')).toHaveLength(250);
  expect(await upTo(scene)).not.toContain('only');
});

test('--since that was cut off and went on without it: what is older comes, too', async () => {
  const scene = await mirrorScene(0);
  const { sync, rows, github } = scene;
  days(scene, 400);
  let pages = 0;
  github.rest.faults.plan(
    ({ path: there }) => there.endsWith('/actions/runs') && ++pages > 1,
    { kind: 'answer', answer: { status: 503, body: { message: 'Unavailable' } } },
    4,
  );
  expect((await sync({ since: '2025-03-01' })).status).toBe('FAIL');
  expect((await rows('runs')).length).toBe(100);
  await sync();
  expect(await rows('runs')).toHaveLength(400);
  expect(await upTo(scene)).not.toContain('only');
});

test('a dry run changes nothing of what is there, of its files and of how far it has come', async () => {
  const scene = await mirrorScene(0);
  const { sync, lines, world, repo } = scene;
  days(scene, 120);
  await sync();
  const file = path.join(world.home, 'mirror', String(repo.id), 'runs.jsonl');
  const before = { lines: await lines(), stat: await stat(file), advanced: await upTo(scene) };
  days(scene, 150);
  const dry = await sync({ dry_run: true });
  expect(dry.status).toBe('PASS');
  const runs = /runs: (\d+) new/.exec(dry.log)?.[1];
  expect(runs ?? '30').toBe('30');
  expect(await sync({ dry_run: true, since: '2025-01-01' })).toMatchObject({ status: 'PASS' });
  expect(await lines()).toEqual(before.lines);
  const after = await stat(file);
  expect([after.size, after.mtimeMs, after.ino]).toEqual([
    before.stat.size,
    before.stat.mtimeMs,
    before.stat.ino,
  ]);
  expect(await upTo(scene)).toBe(before.advanced);
});

test('another label: the issues that have it are fetched from the beginning on', async () => {
  const { sync, rows, github, repo, world } = await mirrorScene(0);
  repo.many = {};
  const ana = github.world.addUser('ana');
  github.addIssue(repo, ana, { title: 'the disk', labels: ['ops'] });
  github.addIssue(repo, ana, { title: 'the bill', labels: ['money'] });
  await sync();
  expect((await rows('issues')).map(({ title }) => title)).toEqual(['the disk']);
  const estate = await readFile(path.join(world.root, 'reeve.yaml'), 'utf8');
  await world.write('reeve.yaml', `${estate}sync: { github: { label: money } }\n`);
  await world.as('root', { command: 'config reload' });
  await sync();
  expect((await rows('issues')).map(({ title }) => title)).toEqual(['the bill']);
});
