import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { ages } from '../../daemon/sync/todos/blame.ts';
import { harvest } from '../../daemon/sync/todos/harvest.ts';
import { systemClock } from '../../daemon/clock.ts';
import { Repository } from './repository.ts';

async function site(): Promise<{ repo: Repository; root: string; outside: string }> {
  const base = await mkdtemp(path.join(os.tmpdir(), 'reeve-todos-'));
  onTestFinished(() => rm(base, { recursive: true, force: true }));
  const root = path.join(base, 'estate');
  const outside = path.join(base, 'outside');
  await mkdir(root);
  await mkdir(outside);
  await writeFile(path.join(outside, 'secret.ts'), '// TODO(ana@web): not of this tree\n');
  return { repo: new Repository(root), root, outside };
}

const place = (root: string) => ({
  clock: systemClock,
  folder: root,
  prefix: '',
  signal: new AbortController().signal,
  except: new Set<string>(),
  progress: () => Promise.resolve(),
});

test('what leads out of the tree, is no text or is no line that people write is not read', async () => {
  const { repo, root, outside } = await site();
  await repo.write('src/a.ts', '// TODO(ana@web): here\n');
  await symlink(path.join(outside, 'secret.ts'), path.join(root, 'src/link.ts'));
  await symlink(outside, path.join(root, 'dir'));
  await repo.write('src/blob.bin', Buffer.from('\0// TODO(ana@web): binary\n'));
  await repo.write(
    'src/long.js',
    `${'x'.repeat(900_000)} // TODO(ana@web): at the end of a generated line\n`,
  );
  await repo.write('src/large.js', `// TODO(ana@web): too large\n${'x'.repeat(1024 * 1024)}\n`);
  await repo.write('src/many.js', 'TODO(a@b): '.repeat(50_000));
  repo.commit('first');
  // A folder that Git tracks, and that is a way out now.
  await repo.write('moved/b.ts', '// TODO(ana@web): was here\n');
  repo.commit('second');
  await rm(path.join(root, 'moved'), { recursive: true });
  await symlink(outside, path.join(root, 'moved'));
  execFileSync('mkfifo', [path.join(root, 'src/pipe.ts')]);
  repo.git(
    'update-index',
    '--add',
    '--cacheinfo',
    `100644,${repo.git('rev-parse', 'HEAD:src/a.ts').trim()},src/pipe.ts`,
  );
  const { todos, cut } = await harvest(place(root));
  expect([...new Set(todos.map(({ file }) => file))]).toEqual(['src/a.ts', 'src/many.js']);
  // A line is looked at for so long.
  expect([todos.length < 1000, cut]).toEqual([true, false]);
});

test('2,000 files all get their age; a filter of the repository is not run for it, and what is not committed is told apart', async () => {
  const { repo, root } = await site();
  const mark = path.join(root, 'ran');
  for (let n = 0; n < 2000; n++) await repo.write(`src/${n}.ts`, `// TODO(ana@web): number ${n}\n`);
  await repo.write('.gitattributes', '*.ts filter=evil\n');
  repo.commit('all');
  repo.git('config', 'filter.evil.clean', `touch ${mark}; cat`);
  repo.git('config', 'filter.evil.required', 'true');
  await repo.write('src/7.ts', '// TODO(ana@web): number 7 now\n');
  const here = place(root);
  const { todos } = await harvest(here);
  const all = await ages(todos, { ...here, isKnown: () => false });
  expect([all.written.size, [...all.uncommitted]]).toEqual([1999, ['src/7.ts:1']]);
  await expect(readFile(mark)).rejects.toThrow('ENOENT');

  // Without time nothing is known, and nothing is said to be otherwise.
  const none = await ages(todos, { ...here, isKnown: () => false, budget: 0 });
  expect([none.written.size, none.uncommitted.size]).toEqual([0, 0]);
  // What was told before comes last.
  let asked = 0;
  const clock = { ...systemClock, monotonic: () => (asked++ < 2 ? 0 : 1e9), after: systemClock.after };
  const few = await ages(todos, {
    ...here,
    clock,
    isKnown: ({ file }) => file !== 'src/1500.ts',
    budget: 1000,
  });
  expect([...few.written.keys()]).toEqual(['src/1500.ts:1']);
});

test('as many as a report holds are all of them; with one more there are more', async () => {
  const { repo, root } = await site();
  const line = (n: number): string => `// TODO(ana@web): number ${n}\n`;
  const all = Array.from({ length: 5000 }, (_, n) => line(n));
  for (let n = 0; n < 5; n++) await repo.write(`src/${n}.ts`, all.slice(n * 1000, (n + 1) * 1000).join(''));
  repo.commit('all');
  const whole = await harvest(place(root));
  expect([whole.todos.length, whole.cut]).toEqual([5000, false]);
  await repo.write('src/more.ts', line(5000));
  repo.commit('one more');
  const more = await harvest(place(root));
  expect([more.todos.length, more.cut]).toEqual([5000, true]);
});

test('a line of somebody without a name is not of whoever wrote the one before', async () => {
  const { repo, root } = await site();
  await repo.write('a.ts', '// TODO(ana@web): one\n');
  repo.commit('first');
  await repo.write('a.ts', '// TODO(ana@web): one\n// TODO(ana@web): two\n');
  repo.git('add', '-A');
  const tree = repo.git('write-tree').trim();
  const parent = repo.git('rev-parse', 'HEAD').trim();
  const text = `tree ${tree}\nparent ${parent}\nauthor  <> 1767323045 +0000\ncommitter  <> 1767323045 +0000\n\nsecond\n`;
  const id = execFileSync('git', ['hash-object', '-t', 'commit', '--literally', '-w', '--stdin'], {
    cwd: root,
    input: text,
    encoding: 'utf8',
  }).trim();
  repo.git('reset', '--hard', '-q', id);
  const { todos } = await harvest(place(root));
  const where = { clock: systemClock, folder: root, prefix: '', signal: place(root).signal };
  const { written } = await ages(todos, { ...where, isKnown: () => false });
  expect([written.get('a.ts:1')?.by, written.get('a.ts:2')?.by]).toEqual(['Ana', '']);
});
