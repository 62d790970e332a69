import { readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { expect, test } from 'vitest';
import { Many } from '../standins/github/many.ts';
import { example, runOf } from '../standins/github/payloads.ts';
import { mirrorScene } from './github-scene.ts';

const minute = (n: number): string => new Date(Date.UTC(2025, 0, 1) + n * 60_000).toISOString();

test('a renamed person: the new name, under the number that stays', async () => {
  const { sync, world, repo, github } = await mirrorScene(0);
  repo.many = {};
  const ana = github.world.addUser('ana');
  github.addRelease(repo, ana, { tag_name: 'v1.0.0' });
  await sync();
  const by = async () => {
    const { data } = await world.as('root', { command: 'github releases', args: {} });
    return (data as { by: string; by_id: number }[]).map((one) => [one.by, one.by_id]);
  };
  expect(await by()).toEqual([['ana', ana.id]]);
  github.world.rename(ana, 'anna');
  await sync();
  expect(await by()).toEqual([['anna', ana.id]]);
});

test('a transferred repository: its items go on under the new name, those that deliveries tell, too', async () => {
  const { sync, deliver, rows, lines, repo, other, github, world } = await mirrorScene(3);
  await sync();
  const before = await lines();
  github.world.move(repo, 'holding', 'store');
  // Under its new name, which reeve.yaml does not know, and before any run.
  await deliver('workflow_run', { action: 'completed', workflow_run: runOf(repo, { id: 77 }) });
  const of = async (name: string) => (await rows('runs')).filter(({ repository }) => repository === name);
  expect((await of('holding/store')).map(({ id }) => id)).toContain(77);
  expect(await of('acme/shop')).toEqual([]);
  await sync();
  expect(await of('holding/store')).toHaveLength(4);
  expect(await lines()).toEqual(expect.arrayContaining(before));
  expect(new Set(await lines()).size).toBe(before.length + 1);
  const { full_name, named } = JSON.parse(
    await readFile(path.join(world.home, 'mirror', String(repo.id), 'repository.json'), 'utf8'),
  ) as { full_name: string; named: string };
  expect([full_name, named]).toEqual(['holding/store', 'acme/shop']);
  // A repository that is not in reeve.yaml and never was is not mirrored, whatever is delivered.
  const strange = github.world.addRepo('acme', 'strange');
  const { headers, body } = github.sign(
    'workflow_run',
    {
      action: 'completed',
      workflow_run: runOf(strange, { id: 78 }),
      repository: { id: strange.id, full_name: 'acme/strange' },
    },
    'a secret that GitHub and we know',
  );
  const answer = await fetch(`${world.app.url}/webhooks/github`, { method: 'POST', headers, body });
  expect(answer.status).toBe(200);
  await world.app.running.features.mirrorSettled();
  expect((await lines()).filter((line) => line.endsWith(' 78'))).toEqual([]);
  // Deleted: what was mirrored stays, and is no longer changed.
  other.deleted = true;
  await sync();
  expect(await of('acme/till')).toHaveLength(3);
});

test('a file of which more than half is superseded is written anew, with the newest of each', async () => {
  const { sync, rows, repo, other, world, lines } = await mirrorScene(0);
  other.deleted = true;
  const file = path.join(world.home, 'mirror', String(repo.id), 'runs.jsonl');
  const sizes: number[] = [];
  const files = new Set<number>();
  for (let round = 0; round < 5; round++) {
    const make = (n: number) =>
      runOf(repo, {
        id: n + 1,
        created_at: minute(n),
        updated_at: minute(10_000 + round),
        display_title: `round ${round}`,
      });
    repo.many = { runs: new Many(500, make) };
    expect((await sync()).status).toBe('PASS');
    const { size, ino } = await stat(file);
    sizes.push(size);
    files.add(ino);
    expect(new Set((await rows('runs')).map(({ title }) => title))).toEqual(new Set([`round ${round}`]));
  }
  expect(files.size).toBeGreaterThan(1);
  expect(Math.max(...sizes)).toBeLessThan(5 * (sizes[0] ?? 0));
  expect((await lines()).length).toBeLessThanOrEqual(2 * 500 + 1000);
  await world.restart();
  expect(await rows('runs')).toHaveLength(500);
});

test('a conflict about a title that is cut amid an emoji is told as any other', async () => {
  const { sync, deliver, repo, conflicts } = await mirrorScene(0);
  const run = (updated_at: string) =>
    runOf(repo, { id: 7, created_at: minute(0), updated_at, display_title: `${'t'.repeat(59)}😀 and more` });
  repo.many = { runs: new Many(1, () => run(minute(1))) };
  await deliver('workflow_run', { action: 'completed', workflow_run: run(minute(9)) });
  expect((await sync()).status).toBe('PASS');
  expect(await conflicts()).toEqual([expect.stringContaining(`(${'t'.repeat(59)}) is newer here`) as string]);
});

test('a release of an old commit, made after the newest was read: it is there with the next run', async () => {
  const { sync, rows, repo } = await mirrorScene(0);
  const { release } = example('release', 'published');
  // As GitHub lists them: the time of a release is that of its commit.
  const list = [{ ...release, id: 1, tag_name: 'v2.0.0', created_at: minute(300 * 1440) }];
  repo.many = { releases: new Many(1, () => list[0] ?? {}) };
  await sync();
  const old = { ...release, id: 2, tag_name: 'v1.9.1', created_at: minute(0) };
  repo.many = { releases: new Many(2, (n) => (n === 0 ? old : (list[0] ?? {}))) };
  expect((await sync()).status).toBe('PASS');
  expect((await rows('releases')).map(({ id }) => id)).toEqual([1, 2]);
});
