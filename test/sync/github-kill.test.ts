import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { expect, test } from 'vitest';
import { ESTATE, makePlace } from '../e2e/place.ts';
import { standin } from '../github/rig.ts';
import { REPO, until } from '../helpers/daemon.ts';
import { fill } from '../standins/github/bulk.ts';
import { linesOf } from './github-scene.ts';

test('kill -9 in the middle: it goes on by itself, without one item twice and without one missing', async () => {
  const github = await standin();
  const token = github.access.token(github.world.addUser('reeve-bot'));
  fill(github.world.addRepo('acme', 'shop'), 1000);
  const place = await makePlace({
    'github.md': await readFile(path.join(REPO, 'runbooks/github.md'), 'utf8'),
  });
  const start = () => place.start({ through: ['env', `REEVE_GITHUB_API=${github.api}`] });
  const daemon = await start();
  for (const [name, value] of [
    ['github_webhook', 'a secret of the hook'],
    ['gh_token', token],
  ] as const)
    await place.reeve(['secret', 'set', name, '--value', value]);
  await place.write(
    'reeve.yaml',
    `${ESTATE}integrations: { github: { token: gh_token, repositories: { acme/shop: shop } } }\n`,
  );
  expect((await place.reeve(['config', 'reload'])).code).toBe(0);
  let asked = 0;
  const { promise, resolve } = Promise.withResolvers<void>();
  github.rest.faults.plan(() => ++asked > 17, { kind: 'hold', until: promise });
  await place.json(['sync', 'github', '--force', '--no-follow']);
  await until(() => asked > 17);
  expect(await daemon.end('SIGKILL')).toBe(137);
  resolve();
  const half = await linesOf(place.home);
  expect(half.length).toBeGreaterThan(0);
  expect(half.length).toBeLessThan(4000);
  github.rest.calls.length = 0;
  await start();
  await until(async () =>
    (await place.records('job.attempt')).some(
      ({ body }) => (body['attempt'] as { status: string }).status === 'PASS',
    ),
  );
  const all = await linesOf(place.home);
  expect(all).toHaveLength(4000);
  expect(new Set(all).size).toBe(4000);
  const fetched = (kind: string): number =>
    github.rest.calls.filter(({ path: at, status }) => at.endsWith(`/${kind}`) && status === 200).length;
  // Ten pages a kind. Releases were there: 304. Deployments go on where they were, and have no ETag for the newest.
  expect(['releases', 'runs', 'issues'].map(fetched)).toEqual([0, 10, 10]);
  expect(fetched('deployments')).toBeLessThan(10 + 10);
  expect((await place.json(['github', 'runs', '--limit', '3'])).data).toHaveLength(3);
});
