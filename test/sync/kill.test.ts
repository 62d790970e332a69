import { mkdir, readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import { expect, test } from 'vitest';
import { ESTATE, makePlace } from '../e2e/place.ts';
import { standin } from '../github/rig.ts';
import { REPO, until, type Place } from '../helpers/daemon.ts';
import { Bare, outwardEstate } from './outward.ts';
import { Repository } from './repository.ts';

const HOLD = '```sh { name=hold }\ntouch held\nwhile [ ! -e go ]; do sleep 0.05; done\n```\n\n';
const isThere = (place: Place, name: string) => async (): Promise<boolean> =>
  (await readFile(path.join(place.estate, name)).catch(() => null)) !== null;

/** A release with a remote and GitHub; between two steps of it there is time to be killed. */
async function open(before: string | undefined) {
  const shipped = await readFile(path.join(REPO, 'runbooks/release.md'), 'utf8');
  const held =
    before === undefined
      ? shipped
      : before === ''
        ? `${shipped}\n## 5. Hold\n\n${HOLD}`
        : shipped.replace(before, `## Hold\n\n${HOLD}${before}`);
  const github = await standin();
  const token = github.access.token(github.world.addUser('reeve-bot'));
  const there = github.world.addRepo('acme', 'shop');
  const bare = await Bare.make();
  there.folder = bare.folder;
  const plain = ESTATE.replace('    path: .\n', '');
  const place = await makePlace({ 'release.md': held }, plain);
  await mkdir(path.join(place.estate, 'shop'));
  const repo = new Repository(path.join(place.estate, 'shop'));
  await repo.write('package.json', '{ "name": "shop", "version": "0.0.1" }\n');
  repo.git('remote', 'add', 'origin', bare.folder);
  repo.commit('feat: begin');
  repo.git('push', '-q', 'origin', 'main');
  const start = () => place.start({ through: ['env', `REEVE_GITHUB_API=${github.api}`] });
  const daemon = await start();
  for (const [name, value] of [
    ['github_webhook', 'a secret of the hook'],
    ['gh_token', token],
  ] as const)
    await place.reeve(['secret', 'set', name, '--value', value]);
  await place.write('reeve.yaml', outwardEstate(plain, 'acme/shop'));
  expect((await place.reeve(['config', 'reload'])).code).toBe(0);
  return { github, there, bare, place, repo, start, daemon };
}

const passed = (place: Place) => async (): Promise<boolean> =>
  (await place.records('job.attempt')).some(
    ({ body }) => (body['attempt'] as { status: string }).status === 'PASS',
  );

async function isOne({ place, repo, bare, there }: Awaited<ReturnType<typeof open>>): Promise<void> {
  expect(repo.git('log', '--format=%s')).toBe('release: v0.1.0\nfeat: begin\n');
  expect(repo.git('tag')).toBe('v0.1.0\n');
  expect(repo.git('show', 'v0.1.0:package.json')).toContain('"version": "0.1.0"');
  expect(bare.refs()).toBe('refs/heads/main refs/tags/v0.1.0');
  expect(bare.git('rev-parse', 'v0.1.0', 'main')).toBe(repo.git('rev-parse', 'v0.1.0', 'main').trim());
  expect(there.releases.map(({ tag_name }) => tag_name)).toEqual(['v0.1.0']);
  expect(await place.records('release.cut')).toHaveLength(1);
  expect(await place.records('message.queued')).toHaveLength(1);
}

test.each([
  ['the tag', '## 2. Push it'],
  ['the push', '## 3. Release at GitHub'],
  ['GitHub', '## 4. Tell people'],
  ['the message', ''],
])(
  'kill -9 after %s: the release goes on by itself, and there is one of everything',
  async (_what, before) => {
    const site = await open(before);
    const { place } = site;
    await place.json(['release', '--project', 'shop', '--force', '--no-follow']);
    await until(isThere(place, 'held'));
    expect(await site.daemon.end('SIGKILL')).toBe(137);
    const tagged = site.repo.git('rev-parse', 'v0.1.0');
    await place.write('go', '');
    await site.start();
    await until(passed(place));
    expect(site.repo.git('rev-parse', 'v0.1.0')).toBe(tagged);
    await isOne(site);
  },
);

test('kill -9 while the remote thinks about the push, and while GitHub makes the release', async () => {
  const site = await open(undefined);
  const { place, bare, github } = site;
  const thinks = path.join(place.estate, 'thinks');
  await bare.hook(`touch ${thinks}; while [ ! -e ${place.estate}/go ]; do sleep 0.05; done`);
  await place.json(['release', '--project', 'shop', '--force', '--no-follow']);
  await until(isThere(place, 'thinks'));
  expect(await site.daemon.end('SIGKILL')).toBe(137);
  await place.write('go', '');
  // It makes the release, and nobody hears the answer.
  let asked = false;
  github.rest.faults.plan(({ method, path: at }) => (asked = method === 'POST' && at.endsWith('/releases')), {
    kind: 'lose-answer',
  });
  const second = await site.start();
  await until(() => asked);
  expect(await second.end('SIGKILL')).toBe(137);
  await rm(thinks);
  await site.start();
  await until(passed(place));
  await isOne(site);
});
