import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { expect, test } from 'vitest';
import type { LedgerRecord, RecordType } from '../../contracts/record.ts';
import { releasesProjection } from '../../daemon/release/projection.ts';
import { until } from '../helpers/daemon.ts';
import { openOutward } from './outward.ts';

const PACKAGE =
  '{\n\t"name": "shop",\n\t"config": {"version": "7.7.7"},\n\t"version":   "0.0.1",\n\t"dependencies": { "version": "1.0.0" }\n}\n';
const LOCK = `${JSON.stringify({ name: 'shop', version: '0.0.1', packages: { '': { version: '0.0.1' }, 'node_modules/a': { version: '0.0.1' } } }, null, 2)}\n`;

test('a release goes out whole: versions in files, push, GitHub, message; and the dry run has shown all of it', async () => {
  const { repo, bare, there, run, ask, world } = await openOutward({
    'package.json': PACKAGE,
    'package-lock.json': LOCK,
  });
  const base = repo.git('rev-parse', 'HEAD').trim();
  const next = (await ask({}, 'release next')).data as Record<string, never>;
  expect(next).toMatchObject({
    version: '0.1.0',
    remote: { address: bare.folder, branch: 'main', tip: base, tagged: false, ahead: false },
    github: {
      repository: 'acme/shop',
      call: 'POST /repos/acme/shop/releases',
      tag_name: 'v0.1.0',
      prerelease: false,
    },
    files: [{ name: 'CHANGELOG.md' }, { name: 'package.json' }, { name: 'package-lock.json' }],
    announcement: { title: 'shop v0.1.0' },
  });
  expect(JSON.stringify(next['files'])).toContain('+\\t\\"version\\":   \\"0.1.0\\",');
  // Whoever is asked to confirm it, or only looks, sees it all.
  const asked = { command: 'release', args: { project: 'shop' }, interactive: true };
  for (const request of [asked, { ...asked, dry_run: true }]) {
    const { blocks, error } = await world.as('root', request);
    expect(error).toBeUndefined();
    const shown = JSON.stringify(blocks);
    for (const what of [
      'git push --atomic',
      'POST /repos/acme/shop/releases',
      '+++ package.json',
      '- begin (',
    ])
      expect(shown).toContain(what);
  }
  expect(await run({ dry_run: true })).toBe('PASS');
  expect([repo.git('rev-parse', 'HEAD').trim(), repo.git('tag'), bare.refs(), there.releases]).toEqual([
    base,
    '',
    'refs/heads/main',
    [],
  ]);
  expect(await world.records('message.queued')).toEqual([]);
  for (const type of ['release.cut', 'release.pushing', 'github.releasing', 'release.announcing'] as const)
    expect(await world.records(type)).toEqual([]);

  expect(await run()).toBe('PASS');
  expect(repo.git('show', 'v0.1.0:package.json')).toBe(PACKAGE.replace('"0.0.1"', '"0.1.0"'));
  expect(JSON.parse(repo.git('show', 'v0.1.0:package-lock.json'))).toEqual({
    ...{ name: 'shop', version: '0.1.0' },
    packages: { '': { version: '0.1.0' }, 'node_modules/a': { version: '0.0.1' } },
  });
  expect(repo.git('diff', '--name-only', base, 'v0.1.0').trim().split('\n')).toEqual([
    'CHANGELOG.md',
    'package-lock.json',
    'package.json',
  ]);
  expect(bare.refs()).toBe('refs/heads/main refs/tags/v0.1.0');
  expect(bare.git('rev-parse', 'main')).toBe(bare.git('rev-parse', 'v0.1.0^{commit}'));
  expect(there.releases).toMatchObject([
    {
      tag_name: 'v0.1.0',
      name: 'v0.1.0',
      prerelease: false,
      body: expect.stringContaining('begin') as string,
    },
  ]);
  const [message] = await world.records('message.queued');
  expect(message?.body).toMatchObject({
    title: 'shop v0.1.0',
    text: expect.stringContaining('https://github.com/acme/shop/releases/tag/v0.1.0') as string,
  });
  const order = [
    'release.cut',
    'release.pushing',
    'release.pushed',
    'github.releasing',
    'release.announcing',
    'release.announced',
  ] as const;
  const seqs = await Promise.all(
    order.map(async (type) => (await world.records(type)).map(({ seq }) => seq)),
  );
  expect(seqs.map((one) => one.length)).toEqual(order.map(() => 1));
  expect(seqs.flat()).toEqual(seqs.flat().toSorted((a, b) => a - b));
  expect((await ask()).error?.message).toContain('nothing was committed');

  repo.commit('fix: more');
  expect(await run({ pre: 'rc' })).toBe('PASS');
  expect(there.releases.at(-1)).toMatchObject({ tag_name: 'v0.1.1-rc.0', prerelease: true });
});

test('when the remote is ahead, has the tag, or cannot be asked, it is refused before anything is changed', async () => {
  const { repo, bare, ask, run, world } = await openOutward();
  const base = repo.git('rev-parse', 'HEAD').trim();
  const refused = async (why: string): Promise<void> => {
    for (const command of ['release', 'release next'])
      expect((await ask({}, command)).error, why).toMatchObject({
        code: 'RELEASE_REFUSED',
        message: expect.stringContaining(why) as string,
      });
    expect([
      repo.git('rev-parse', 'HEAD').trim(),
      repo.git('tag'),
      repo.git('status', '--porcelain'),
    ]).toEqual([base, '', '']);
    expect(await world.records('release.cut')).toEqual([]);
  };
  // Somebody else pushed.
  const other = repo.git('commit-tree', '-p', base, '-m', 'theirs', `${base}^{tree}`).trim();
  repo.git('push', '-q', 'origin', `${other}:refs/heads/main`);
  await refused('pull them first');
  bare.git('update-ref', 'refs/heads/main', base);
  bare.git('tag', 'v0.1.0', base);
  await refused('the tag v0.1.0 is at');
  bare.git('tag', '-d', 'v0.1.0');
  repo.git('remote', 'set-url', 'origin', 'ext::sh -c touch% /tmp/reeve-pwned');
  await refused('at no address that is pushed to');
  repo.git('remote', 'set-url', 'origin', 'https://ana:secret@example.com/a.git');
  await refused('at no address that is pushed to');
  repo.git('remote', 'set-url', 'origin', `${bare.folder}-gone`);
  await refused('cannot be asked');
  repo.git('remote', 'set-url', 'origin', bare.folder);
  repo.git('config', 'url./elsewhere/.pushInsteadOf', path.dirname(bare.folder));
  // A remote by name is shown as the place it really goes to.
  await refused('cannot be asked');
  repo.git('config', '--unset', 'url./elsewhere/.pushInsteadOf');
  repo.git('remote', 'remove', 'origin');
  await refused('it has no remote origin');
  repo.git('remote', 'add', 'origin', bare.folder);

  // Between the plan and the run the remote is moved, or somebody pushes.
  const asked = (remote: string, env: string) =>
    world.as('root', {
      command: 'run',
      args: {
        runbook: 'release',
        project: 'shop',
        env,
        input: ['version=0.1.0', `base=${base}`, `remote=${remote}`],
      },
      force: true,
    });
  repo.git('push', '-q', 'origin', `${other}:refs/heads/main`);
  expect(await world.end(await asked(bare.folder, 'dev'))).toBe('FAIL');
  expect(repo.git('tag')).toBe('');
  bare.git('update-ref', 'refs/heads/main', base);
  expect(await world.end(await asked('/somewhere/else', 'prod'))).toBe('FAIL');
  expect(bare.refs()).toBe('refs/heads/main');
  expect(await run()).toBe('PASS');
  expect(bare.refs()).toBe('refs/heads/main refs/tags/v0.1.0');
});

test('a push that is rejected leaves one commit and one tag, and the same release goes on, also when people went on, too', async () => {
  const { repo, bare, there, ask, run, why, world } = await openOutward();
  await bare.hook('echo "not on a Friday" >&2; exit 1');
  expect(await run()).toBe('FAIL');
  expect(await why()).toMatch(/v0\.1\.0 is cut, and not pushed to .*not on a Friday/);
  expect([bare.refs(), there.releases, await world.records('message.queued')]).toEqual([
    'refs/heads/main',
    [],
    [],
  ]);
  const commit = repo.git('rev-parse', 'v0.1.0^{commit}').trim();
  const tag = repo.git('rev-parse', 'v0.1.0').trim();
  repo.commit('feat: later work');
  expect((await ask({}, 'release next')).data).toMatchObject({ version: '0.1.0', resumed: true, files: [] });
  expect((await ask({ version: '0.9.0' })).error?.message).toContain('v0.1.0 is begun and not finished');
  repo.git('checkout', '-q', '-b', 'side');
  expect((await ask()).error?.message).toContain('was cut on main');
  repo.git('checkout', '-q', 'main');
  expect(await run()).toBe('FAIL');
  await bare.hook('exit 0');
  expect(await run()).toBe('PASS');
  expect([
    repo.git('rev-parse', 'v0.1.0').trim(),
    bare.git('rev-parse', 'v0.1.0'),
    bare.git('rev-parse', 'main'),
  ]).toEqual([tag, tag, commit]);
  expect(await world.records('release.cut')).toHaveLength(1);
  expect(there.releases).toHaveLength(1);
  expect(await world.records('message.queued')).toHaveLength(1);
  expect((await ask({}, 'release next')).data).toMatchObject({ version: '0.2.0', resumed: false });
  // It was taken back: nothing is open any more.
  await bare.hook('exit 1');
  expect(await run()).toBe('FAIL');
  repo.git('tag', '-d', 'v0.2.0');
  repo.git('reset', '-q', '--hard', 'HEAD^');
  expect((await ask({ version: '0.9.0' }, 'release next')).data).toMatchObject({
    version: '0.9.0',
    resumed: false,
  });
});

test('what GitHub says of the release: there already, refused, down; nothing is doubled and nothing lost', async () => {
  const { repo, github, there, run, why, world } = await openOutward();
  const { faults } = github.rest;
  const answer = (status: number, message: string) => ({
    kind: 'answer' as const,
    answer: { status, body: { message } },
  });
  // The answer is lost: ours is found again.
  faults.plan('POST */releases', { kind: 'lose-answer' });
  expect(await run()).toBe('PASS');
  expect(there.releases).toHaveLength(1);

  for (const [status, message] of [
    [403, 'Resource not accessible by integration'],
    [422, 'Validation Failed'],
  ] as const) {
    repo.commit(`fix: ${status}`);
    faults.plan('POST */releases', answer(status, message), 1);
    expect(await run()).toBe('FAIL');
    expect(await why()).toContain(message);
    const told = (await world.records('message.queued')).length;
    expect(await run()).toBe('PASS');
    expect(await world.records('message.queued')).toHaveLength(told + 1);
  }
  expect(there.releases.map(({ tag_name }) => tag_name)).toEqual(['v0.1.0', 'v0.1.1', 'v0.1.2']);

  // People were faster, in between.
  repo.commit('fix: theirs');
  const [user] = github.world.users.values();
  if (user === undefined) throw new Error('nobody');
  faults.plan(
    ({ path: at, method }) => method === 'GET' && at.endsWith('/releases/tags/v0.1.3'),
    answer(404, 'Not Found'),
  );
  github.addRelease(there, user, { tag_name: 'v0.1.3', body: 'by hand' });
  expect(await run()).toBe('PASS');
  expect(there.releases.filter(({ tag_name }) => tag_name === 'v0.1.3')).toMatchObject([{ body: 'by hand' }]);

  repo.commit('fix: 5xx');
  faults.plan('* */releases*', answer(503, 'Unavailable'), 1);
  expect(await run()).toBe('PASS');
  expect(there.releases.at(-1)).toMatchObject({ tag_name: 'v0.1.4' });
  expect(await world.records('github.given_up')).toHaveLength(2);
});

test('GitHub makes no release, and no tag of its own, of a tag that is not the one that was pushed', async () => {
  const { github, there, run, why } = await openOutward();
  github.addRef(there, 'refs/tags/v0.1.0', 'a'.repeat(40));
  expect(await run()).toBe('FAIL');
  expect(await why()).toContain('acme/shop has another v0.1.0 than the one that was pushed');
  expect(there.releases).toEqual([]);
  there.refs.pop();
  // Somebody prepared it by hand.
  const [user] = github.world.users.values();
  if (user === undefined) throw new Error('nobody');
  const draft = Object.assign(github.addRelease(there, user, { tag_name: 'v0.1.0' }), { draft: true });
  expect(await run()).toBe('FAIL');
  expect(await why()).toContain('has a draft of v0.1.0: publish it or delete it there');
  draft.draft = false;
  expect(await run()).toBe('PASS');
  expect(there.releases).toEqual([draft]);
});

test('a message that stands in the ledger is announced, though nobody lived to say so', () => {
  const job = `job_${'1'.repeat(32)}`;
  const release = { project: 'shop', version: '1.0.0', job };
  const cut = { ...release, tag: 'v1.0.0', commit: 'a'.repeat(40), stages: ['announce' as const] };
  const fold = (...records: [RecordType, object][]) =>
    records
      .map(([type, body], seq) => ({ v: 1, seq, ts: seq, type, body }) as LedgerRecord)
      .reduce((state, record) => releasesProjection.apply(state, record), releasesProjection.initial());
  const message = { id: 'msg_1', channel: 'ops', tone: 'good', title: 'shop v1.0.0', text: '', job };
  const told = (...more: [RecordType, object][]) =>
    fold(['release.cut', cut], ['release.announcing', { ...release, title: 'shop v1.0.0' }], ...more)[
      'shop'
    ]?.[0]?.announced;
  expect(told()).toBeUndefined();
  expect(told(['message.queued', message])).toBe(true);
  expect(told(['message.queued', { ...message, title: 'another' }])).toBeUndefined();
  expect(told(['message.queued', { ...message, job: `job_${'2'.repeat(32)}` }])).toBeUndefined();
});

test('while GitHub is down the release is told without it, and is there when GitHub is', async () => {
  const { github, there, run, world, ask } = await openOutward();
  await github.goDown();
  expect(await run()).toBe('PASS');
  expect((await world.records('message.queued')).at(-1)?.body.text).toContain('as soon as it answers');
  expect((await ask()).error?.message).toContain('nothing was committed');
  await world.restart();
  await github.comeBack();
  await until(async () => {
    await world.as('root', {
      command: 'secret set',
      args: { name: 'other', value: 'wakes it at once' },
      force: true,
    });
    return there.releases.length > 0;
  });
  await until(async () => (await world.records('github.wrote')).length === 2);
  expect(there.releases).toHaveLength(1);
});

test('attack 52: what a commit or a changelog says cannot mention, link, or move a cursor', async () => {
  const { repo, there, run, ask, world } = await openOutward();
  repo.commit('fix: @acme/all #1 <img src=x> [x](http://y) \u001b[2J\u202eevil `a` closes #2');
  expect(await run()).toBe('PASS');
  const [release] = there.releases;
  const body = release?.body ?? '';
  expect(body).not.toMatch(/(?<![`\w])@\w|(?<!\\)<img|(?<!\\)\[x|\u001b|\u202e/);
  const [message] = await world.records('message.queued');
  expect(message?.body.text).not.toMatch(/\u001b|\u202e/);
  expect(repo.git('tag', '-l', '--format=%(contents)', 'v0.1.0')).not.toMatch(/\u001b|\u202e/);

  // What people wrote themselves stays as they wrote it, but for what moves cursors.
  await writeFile(
    path.join(repo.root, 'CHANGELOG.md'),
    '# C\n\n## Unreleased\n\n- thanks @ana\u001b[2J\u202e\n',
  );
  repo.commit('docs: told');
  const next = (await ask({}, 'release next')).data as { text: string };
  expect(next.text).not.toMatch(/\u001b|\u202e/);
  expect(await run()).toBe('PASS');
  expect(there.releases.at(-1)?.body).toContain('thanks @ana');
  expect(there.releases.at(-1)?.body).not.toMatch(/\u001b|\u202e/);
});
