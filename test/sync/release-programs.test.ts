import { mkdir, readdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { expect, test } from 'vitest';
import { openOutward } from './outward.ts';

const HOOKS = [
  'pre-commit',
  'prepare-commit-msg',
  'commit-msg',
  'post-commit',
  'pre-push',
  'reference-transaction',
];

test('a release runs no program that the repository names: no hook, no filter, no monitor, no signer', async () => {
  const { world, repo, bare, run, why } = await openOutward({
    '.gitattributes': '*.txt filter=evil\n*.md diff=evil\n',
  });
  const marks = path.join(world.home, 'ran');
  await mkdir(marks);
  const program = (name: string): string => `touch ${marks}/${name}; cat`;
  await mkdir(path.join(repo.root, '.git/hooks'), { recursive: true });
  for (const name of HOOKS)
    await writeFile(path.join(repo.root, '.git/hooks', name), `#!/bin/sh\ntouch ${marks}/${name}\n`, {
      mode: 0o755,
    });
  for (const [key, value] of [
    ['filter.evil.clean', program('clean')],
    ['filter.evil.smudge', program('smudge')],
    ['filter.evil.required', 'true'],
    ['diff.evil.textconv', program('textconv')],
    ['diff.evil.command', program('differ')],
    ['core.fsmonitor', program('monitor')],
    ['core.sshCommand', program('ssh')],
    ['gpg.program', program('gpg')],
    ['commit.gpgsign', 'true'],
    ['tag.gpgsign', 'true'],
    ['core.editor', program('editor')],
    ['core.pager', program('pager')],
  ])
    repo.git('config', key ?? '', value ?? '');
  expect(await run()).toBe('PASS');
  expect(await why()).toBe('');
  expect(bare.refs()).toBe('refs/heads/main refs/tags/v0.1.0');
  expect(await readdir(marks)).toEqual([]);

  // What would be committed otherwise than it stands there is refused, and nothing is changed.
  repo.git('config', 'core.hooksPath', '/dev/null');
  repo.git('config', 'commit.gpgsign', 'false');
  repo.git('config', '--unset', 'core.fsmonitor');
  repo.git('config', '--remove-section', 'filter.evil');
  await repo.write('.gitattributes', 'CHANGELOG.md filter=evil\n');
  repo.commit('feat: more');
  repo.git('config', 'filter.evil.clean', program('clean'));
  const head = repo.git('rev-parse', 'HEAD');
  expect(await run()).not.toBe('PASS');
  expect(await why()).toMatch(/CHANGELOG\.md goes through the filter evil/);
  expect(repo.git('rev-parse', 'HEAD')).toBe(head);
  expect(await readdir(marks)).toEqual([]);
});
