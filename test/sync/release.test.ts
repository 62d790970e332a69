import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { expect, test } from 'vitest';
import { hasVersion, withVersion } from '../../daemon/release/changelog.ts';
import { bumpOf, notesOf, readChanges } from '../../daemon/release/notes.ts';
import { ESTATE, openWorld, type World } from '../helpers/app.ts';
import { REPO } from '../helpers/daemon.ts';
import { Repository } from './repository.ts';

const kinds = async (...texts: string[]) =>
  readChanges(texts.map((text, n) => ({ hash: String(n).repeat(40), text })));

test('commits say what they are; what does not is a change, and the greatest of them decides', async () => {
  const changes = await kinds(
    'feat(shop): sell [books](http://x) <b>',
    'fix: count right',
    'chore: tidy',
    'sync: our own style',
    'refactor!: drop v1',
    'fix: rename\n\nBREAKING CHANGE: the key is called name now',
    'Merge branch x',
    '',
  );
  expect(changes.map(({ kind }) => kind)).toEqual([
    'added',
    'fixed',
    'quiet',
    'changed',
    'breaking',
    'breaking',
    'changed',
    'changed',
  ]);
  expect(bumpOf(changes)).toBe('major');
  expect(bumpOf(await kinds('feat: a', 'fix: b'))).toBe('minor');
  expect(bumpOf(await kinds('docs: a'))).toBe('patch');
  expect(bumpOf([])).toBeUndefined();
  const notes = notesOf(changes, (text) => text.replaceAll('books', '[redacted]'));
  expect(notes).toMatch(/^### Breaking\n\n- drop v1 \(444444444\)\n- rename\. the key is called name now/);
  expect(notes).toContain('\\[redacted\\]');
  expect(notes).not.toContain('tidy');
  // Whatever stands there, it is read in time.
  await kinds(
    `feat(${'('.repeat(5000)}): x`,
    `${'a'.repeat(1e5)}!: `,
    `x\n\n${'#'.repeat(1e4)}${'@'.repeat(1e4)}`,
  );
});

test('what stands in a fence of the changelog begins no section: the text of the version is whole', () => {
  const mine = '- run:\n\n  ```sh\n## migrate first\n./migrate\n  ```\n\n- and more';
  const file = `# C\n\n## Unreleased\n\n${mine}\n\n## 1.0.0\n\n~~~~\n## 1.1.0\n~~~\n~~~~\n`;
  expect(hasVersion(file, '1.1.0')).toBe(false);
  expect(hasVersion(file, '1.0.0')).toBe(true);
  const { file: after, text } = withVersion(file, '1.1.0', '2026-02-03', 'notes');
  expect(text).toBe(mine);
  expect(after).toBe(file.replace('## Unreleased\n', '## Unreleased\n\n## [1.1.0] - 2026-02-03\n'));
  expect(hasVersion(after, '1.1.0')).toBe(true);
});

test('what people wrote under Unreleased becomes the version; where they wrote nothing, the commits do', () => {
  const file =
    '# Changelog\r\n\r\n## [Unreleased]\r\n\r\n- mine\r\n\r\n## [1.0.0] - 2026-01-01\r\n\r\n- old\r\n';
  expect(withVersion(file, '1.1.0', '2026-02-03', 'notes').file.replaceAll('\r\n', '\n')).toBe(
    '# Changelog\n\n## [Unreleased]\n\n## [1.1.0] - 2026-02-03\n\n- mine\n\n## [1.0.0] - 2026-01-01\n\n- old\n',
  );
  expect(withVersion('# C\n\n## Unreleased\n', '0.1.0', '2026-02-03', 'notes').file).toBe(
    '# C\n\n## Unreleased\n\n## [0.1.0] - 2026-02-03\n\nnotes\n',
  );
  expect(withVersion(undefined, '0.1.0', '2026-02-03', 'notes').file).toContain(
    '\n## [0.1.0] - 2026-02-03\n\nnotes\n',
  );
  expect(withVersion('# C\n\n## 1.0.0\n\n- old\n', '1.1.0', '2026-02-03', 'n').file).toBe(
    '# C\n\n## [1.1.0] - 2026-02-03\n\nn\n\n## 1.0.0\n\n- old\n',
  );
});

interface Site {
  world: World;
  repo: Repository;
  ask: (args?: object, command?: string) => ReturnType<World['as']>;
  run: (args?: object) => Promise<string>;
}
async function open(): Promise<Site> {
  const world = await openWorld({
    estate: `${ESTATE.replace('prod: { approvals: 1 }', 'prod: {}').replace('vault: { approvals: 2 }', 'vault: {}').replace('  shop:\n', '  shop:\n    path: shop\n')}alerts: { channels: { ops: { kind: log } } }\n`,
    runbooks: { 'release.md': await readFile(path.join(REPO, 'runbooks/release.md'), 'utf8') },
  });
  await mkdir(path.join(world.root, 'shop'));
  const repo = new Repository(path.join(world.root, 'shop'));
  await repo.write('a.txt', 'a\n');
  repo.commit('feat: begin');
  const ask = (args = {}, command = 'release') =>
    world.as('root', { command, args: { project: 'shop', ...args }, force: true });
  return { world, repo, ask, run: async (args = {}) => world.end(await ask(args)) };
}

test('a release is a changelog, a commit with it alone, an annotated tag and a message; a dry run is none of it', async () => {
  const { world, repo, ask, run } = await open();
  const base = repo.git('rev-parse', 'HEAD');
  expect((await ask({}, 'release next')).data).toMatchObject({
    version: '0.1.0',
    previous: null,
    resumed: false,
  });
  expect(await run({ dry_run: true })).toBe('PASS');
  expect([repo.git('rev-parse', 'HEAD'), repo.git('tag'), repo.git('status', '--porcelain')]).toEqual([
    base,
    '',
    '',
  ]);
  expect(await world.records('message.queued')).toEqual([]);

  expect(await run()).toBe('PASS');
  expect(repo.git('diff', '--name-only', 'v0.1.0^', 'v0.1.0')).toBe('CHANGELOG.md\n');
  expect(repo.git('cat-file', '-t', 'v0.1.0')).toBe('tag\n');
  expect(repo.git('rev-parse', 'v0.1.0^{commit}')).toBe(repo.git('rev-parse', 'main'));
  expect(repo.git('tag', '-n9', '-l', 'v0.1.0')).toContain('begin');
  expect(repo.git('status', '--porcelain')).toBe('');
  expect((await world.records('release.cut')).map(({ body }) => body)).toMatchObject([
    { project: 'shop', version: '0.1.0', tag: 'v0.1.0', commit: repo.git('rev-parse', 'HEAD').trim() },
  ]);
  expect((await world.records('message.queued')).at(-1)?.body).toMatchObject({ title: 'shop v0.1.0' });
  expect((await ask()).error).toMatchObject({
    code: 'RELEASE_REFUSED',
    message: expect.stringContaining('nothing was committed'),
  });

  repo.commit('fix: one');
  expect((await ask({}, 'release next')).data).toMatchObject({ version: '0.1.1', commits: 1 });
  repo.commit('feat!: two');
  expect((await ask({ pre: 'rc' }, 'release next')).data).toMatchObject({ version: '0.2.0-rc.0' });
  expect(await run({ pre: 'rc' })).toBe('PASS');
  repo.commit('fix: three');
  expect((await ask({ pre: 'rc' }, 'release next')).data).toMatchObject({
    version: '0.2.0-rc.1',
    commits: 1,
  });
  expect((await ask({}, 'release next')).data).toMatchObject({
    version: '0.2.0',
    commits: 3,
    previous: 'v0.1.0',
  });
  expect(await run({ version: '1.0.0' })).toBe('PASS');
  expect(repo.git('tag').split('\n')).toEqual(['v0.1.0', 'v0.2.0-rc.0', 'v1.0.0', '']);
});

test('it is refused with changed files, on a detached head, on a tag that is there, and when HEAD has moved', async () => {
  const { world, repo, ask } = await open();
  const refused = async (args: object, why: string): Promise<void> => {
    const reply = await ask(args);
    expect(reply.error, why).toMatchObject({
      code: 'RELEASE_REFUSED',
      message: expect.stringContaining(why),
    });
  };
  await repo.write('a.txt', 'changed\n');
  await refused({}, 'a.txt');
  repo.git('add', 'a.txt');
  await refused({}, 'a.txt');
  repo.git('reset', '-q', '--hard');
  repo.git('tag', 'v0.1.0');
  repo.commit('fix: x');
  repo.git('tag', 'v0.1.1', 'HEAD^');
  await refused({ version: '0.1.1' }, 'is not above');
  repo.git('tag', '-d', 'v0.1.1');
  repo.git('checkout', '-q', '-b', 'side', 'HEAD^');
  repo.commit('fix: elsewhere');
  repo.git('tag', 'v0.1.1');
  repo.git('checkout', '-q', 'main');
  await refused({}, 'the tag v0.1.1 is there already');
  await refused({ version: 'x; rm -rf' }, 'is no SemVer version');
  await refused({ version: '--force' }, 'is no SemVer version');
  repo.git('checkout', '-q', '--detach');
  await refused({}, 'detached');
  repo.git('checkout', '-q', 'main');
  // Between the plan and the run somebody commits.
  const base = repo.git('rev-parse', 'HEAD').trim();
  repo.commit('fix: late');
  const reply = await world.as('root', {
    command: 'run',
    args: { runbook: 'release', project: 'shop', env: 'dev', input: ['version=0.1.2', `base=${base}`] },
    force: true,
  });
  expect(await world.end(reply)).toBe('FAIL');
  expect((await world.records('job.attempt')).at(-1)?.body.why).toContain('HEAD was');
  expect(repo.git('tag').trim().split('\n')).toEqual(['v0.1.0', 'v0.1.1']);
  // Who may not deploy may not release.
  const other = await world.as('vic', {
    command: 'release',
    args: { project: 'shop', version: '0.5.0' },
    force: true,
  });
  expect(other.error?.code).toBe('FORBIDDEN');
});

test('a release that was stopped between its parts is completed by running it again, and is one', async () => {
  const { world, repo, run } = await open();
  const base = repo.git('rev-parse', 'HEAD').trim();
  expect(await run()).toBe('PASS');
  const release = repo.git('rev-parse', 'HEAD').trim();
  const [{ body } = { body: undefined }] = await world.records('release.cut');
  repo.commit('fix: next');
  // Stopped after the commit: no tag, no record of this version.
  expect(await run()).toBe('PASS');
  repo.git('tag', '-d', 'v0.1.1');
  const again = await world.as('root', {
    command: 'run',
    args: {
      runbook: 'release',
      project: 'shop',
      env: 'vault',
      input: ['version=0.1.1', `base=${repo.git('rev-parse', 'HEAD^').trim()}`],
    },
    force: true,
  });
  expect(await world.end(again)).toBe('PASS');
  expect(repo.git('rev-parse', 'v0.1.1^{commit}')).toBe(repo.git('rev-parse', 'HEAD'));
  expect(repo.git('log', '--format=%s').trim().split('\n')).toEqual([
    'release: v0.1.1',
    'fix: next',
    'release: v0.1.0',
    'feat: begin',
  ]);
  expect(await world.records('release.cut')).toHaveLength(2);
  expect(body).toMatchObject({ commit: release });

  // Stopped after the changelog was written, before the commit.
  repo.git('reset', '-q', '--hard', base);
  repo.git('tag', '-d', 'v0.1.0');
  repo.git('tag', '-d', 'v0.1.1');
  repo.commit('fix: x');
  const at = repo.git('rev-parse', 'HEAD').trim();
  const retry = {
    command: 'run',
    args: { runbook: 'release', project: 'shop', env: 'prod', input: ['version=0.3.0', `base=${at}`] },
    force: true,
  };
  expect(await world.end(await world.as('root', retry))).toBe('PASS');
  const text = await readFile(path.join(repo.root, 'CHANGELOG.md'), 'utf8');
  repo.git('tag', '-d', 'v0.3.0');
  repo.git('reset', '-q', '--hard', at);
  await writeFile(
    path.join(repo.root, 'CHANGELOG.md'),
    text.replace(/(?<=## \[0\.3\.0\] - )\S+/, '2026-01-01'),
  );
  expect(await world.end(await world.as('root', { ...retry, args: { ...retry.args, env: 'vault' } }))).toBe(
    'PASS',
  );
  expect(repo.git('status', '--porcelain', '--untracked-files=no')).toBe('');
  expect(repo.git('rev-parse', 'v0.3.0^{commit}^').trim()).toBe(at);
  // What somebody wrote themselves is not taken for it.
  repo.git('tag', '-d', 'v0.3.0');
  repo.git('reset', '-q', '--hard', at);
  await writeFile(path.join(repo.root, 'CHANGELOG.md'), `${text}mine\n`);
  expect(await run({ version: '0.4.0' })).toBe('FAIL');
  expect((await world.records('job.attempt')).at(-1)?.body.why).toContain('is not the one that is committed');
  expect(await readFile(path.join(repo.root, 'CHANGELOG.md'), 'utf8')).toBe(`${text}mine\n`);
});
