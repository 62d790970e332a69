import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { expect, test } from 'vitest';
import { ESTATE, makePlace } from '../e2e/place.ts';
import { REPO, until } from '../helpers/daemon.ts';
import { Repository } from './repository.ts';

test('kill -9 after the tag: the release goes on by itself, and there is one commit, one tag, one record', async () => {
  const shipped = await readFile(path.join(REPO, 'runbooks/release.md'), 'utf8');
  const wait = '```sh { name=hold }\ntouch held\nwhile [ ! -e go ]; do sleep 0.05; done\n```\n\n## 2. Tell';
  const place = await makePlace({ 'release.md': shipped.replace('## 2. Tell', wait) }, ESTATE);
  const repo = new Repository(place.estate);
  repo.commit('feat: begin');
  const daemon = await place.start();
  await place.json(['release', '--project', 'shop', '--force', '--no-follow']);
  await until(async () => (await readFile(path.join(place.estate, 'held')).catch(() => null)) !== null);
  expect(await daemon.end('SIGKILL')).toBe(137);
  const tagged = repo.git('rev-parse', 'v0.1.0^{commit}');
  await place.write('go', '');
  await place.start();
  await until(async () =>
    (await place.records('job.attempt')).some(
      ({ body }) => (body['attempt'] as { status: string }).status === 'PASS',
    ),
  );
  expect(repo.git('log', '--format=%s')).toBe('release: v0.1.0\nfeat: begin\n');
  expect([repo.git('tag'), repo.git('rev-parse', 'v0.1.0^{commit}')]).toEqual(['v0.1.0\n', tagged]);
  expect(await place.records('release.cut')).toHaveLength(1);
});
