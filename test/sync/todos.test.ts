import { rm, readFile, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { readTodos } from '../../daemon/sync/todos/report.ts';
import { scan, withIds, type Todo } from '../../daemon/sync/todos/scan.ts';
import { ESTATE, openWorld, type World } from '../helpers/app.ts';
import { REPO } from '../helpers/daemon.ts';
import { Repository } from './repository.ts';

const PAGE = 'docs/devops/todos.md';
const DATA = 'docs/devops/todos.json';
type Row = Todo & { since: number | null };

test('a TODO has an owner, words and the lines around it, whatever comment it stands in', () => {
  const source = [
    'a',
    '- [ ] TODO(ops@plasma): Finalize the CI matrix.',
    '- [x] TODO(ops@plasma): this is done',
    '<!-- TODO(infra@plasma) choose a backend -->',
    '/* TODO(security@plasma): rotate   tokens */ x(); // TODO(a.b+c@d-e): two on a line',
    'TODO: nobody. TODO(me) no team. XTODO(a@b): no word. TODO(a@b',
    'TODO(a@b)',
  ].join('\r\n');
  expect(scan('x.md', source).map(({ owner, team, text, line }) => [owner, team, text, line])).toEqual([
    ['ops', 'plasma', 'Finalize the CI matrix.', 2],
    ['infra', 'plasma', 'choose a backend', 4],
    ['security', 'plasma', 'rotate tokens', 5],
    ['a.b+c', 'd-e', 'two on a line', 5],
    ['a', 'b', '', 7],
  ]);
  expect(scan('x.md', source)[0]?.context).toHaveLength(4);
});

test('any text is read in time, and ids follow from owner and words alone', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme', maxLength: 400 }), fc.nat({ max: 5 }), (text, n) => {
      const source = `${text}\n${'\n'.repeat(n)}// TODO(a@b): the same words`;
      const all = withIds(scan('f', source));
      expect(all.at(-1)?.text).toBe('the same words');
      expect(new Set(all.map(({ id }) => id)).size).toBe(all.length);
    }),
  );
  const long = `TODO(${'a'.repeat(1e6)}@b): x\n${'TODO('.repeat(2e5)}`;
  expect(scan('f', long)).toEqual([]);
});

async function open(zone = 'UTC'): Promise<{
  world: World;
  repo: Repository;
  run: (args?: object) => Promise<string>;
  rows: () => Promise<Row[]>;
}> {
  const world = await openWorld({
    estate: ESTATE.replace(
      'projects:',
      'alerts: { channels: { ops: { kind: log } } }\nredact: [correct-horse]\nprojects:',
    ).replace('name: test', `name: test, timezone: ${zone}`),
    runbooks: { 'todos.md': await readFile(path.join(REPO, 'runbooks/todos.md'), 'utf8') },
  });
  const repo = new Repository(world.root);
  const run = async (args = {}) =>
    world.end(
      await world.as('root', {
        command: 'sync todos',
        args: { project: 'shop', env: 'dev', ...args },
        force: true,
      }),
    );
  const rows = async () => JSON.parse(await readFile(path.join(world.root, DATA), 'utf8')).todos as Row[];
  return { world, repo, run, rows };
}

test('out of a real repository: what Git tracks, with its age; the same id after it moved, new and done told', async () => {
  const { world, repo, run, rows } = await open();
  await repo.write('.gitignore', 'ignored/\n');
  await repo.write('ignored/a.ts', '// TODO(ops@plasma): never seen\n');
  await repo.write('src/a.ts', 'one\n// TODO(ops@plasma): write <b>this</b> down | correct-horse\nthree\n');
  await repo.write('src/blob.bin', Buffer.from('\0\0TODO(ops@plasma): no text'));
  await writeFile('/tmp/reeve-todo-outside', '// TODO(ops@plasma): outside\n');
  await symlink('/tmp/reeve-todo-outside', path.join(world.root, 'src/link.ts'));
  repo.commit('first');
  await repo.write('src/late.ts', '// TODO(web@plasma): not committed\n');
  repo.git('add', 'src/late.ts');
  await repo.write('src/untracked.ts', '// TODO(web@plasma): untracked\n');
  expect(await run({ dry_run: true })).toBe('PASS');
  await expect(rows()).rejects.toThrow('ENOENT');
  expect(await world.records('message.queued')).toEqual([]);

  expect(await run()).toBe('PASS');
  expect(await world.records('message.queued')).toHaveLength(1);
  const [a, late] = await rows();
  expect(await rows()).toHaveLength(2);
  expect(a).toMatchObject({
    file: 'src/a.ts',
    line: 2,
    owner: 'ops',
    since: Date.parse('2026-01-02T03:04:05Z'),
  });
  expect(a?.context).toEqual([
    'one',
    '// TODO(ops@plasma): write <b>this</b> down | [redacted]',
    'three',
    '',
  ]);
  expect(late).toMatchObject({ file: 'src/late.ts', since: null });
  const page = await readFile(path.join(world.root, PAGE), 'utf8');
  expect(page).toContain('### ops@plasma');
  expect(page).toContain('since 2026-01-02');
  expect(page).not.toContain('correct-horse');

  // The report is tracked too, and is no source of itself; a second run changes nothing.
  await rm(path.join(world.root, 'src/untracked.ts'));
  repo.commit('with the report');
  await rm(path.join(world.root, 'src/late.ts'));
  await repo.write(
    'lib/b.ts',
    `${'\n'.repeat(40)}# TODO(ops@plasma):  write <b>this</b> down | correct-horse\n// TODO(x@y): fresh\n`,
  );
  await rm(path.join(world.root, 'src/a.ts'));
  repo.commit('moved', '2026-02-02T00:00:00Z');
  expect(await run()).toBe('PASS');
  const moved = await rows();
  expect(moved.map(({ id, file, line }) => [id === a?.id, file, line])).toEqual([
    [true, 'lib/b.ts', 41],
    [false, 'lib/b.ts', 42],
  ]);
  const said = (await world.records('message.queued')).at(-1)?.body.text ?? '';
  expect(said).toMatch(
    /2 open, the oldest since 2026-02-02\.\nNew \(1\):\n- x@y: fresh\nDone \(1\):\n- web@plasma: not committed/,
  );
  expect(await run()).toBe('PASS');
  expect((await world.records('sync.advanced')).map(({ body }) => body.counts['written'])).toEqual([2, 2, 0]);
  expect(readTodos(await readFile(path.join(world.root, DATA), 'utf8'))).toHaveLength(2);
});

test('a line or words that are cut amid an emoji are cut before it: half of one could be written nowhere', async () => {
  const { repo, run, rows } = await open();
  const words = `${'w'.repeat(499)}😀 and more`;
  await repo.write('a.ts', `${'x'.repeat(199)}😀 long\n// TODO(ops@plasma): ${words}\n`);
  repo.commit('first');
  expect(await run()).toBe('PASS');
  const [row] = await rows();
  expect(row?.text).toBe('w'.repeat(499));
  expect(row?.context[0]).toBe('x'.repeat(199));
});

test('--since is a day of the estate’s zone, and what is older than it is left out, not done', async () => {
  const { world, repo, run, rows } = await open('Europe/Berlin');
  await repo.write('a.ts', '// TODO(ops@plasma): old\n');
  repo.commit('first');
  await repo.write('b.ts', '// TODO(ops@plasma): of the night\n');
  repo.commit('second', '2026-02-01T23:30:00Z');
  expect(await run()).toBe('PASS');
  expect(await readFile(path.join(world.root, PAGE), 'utf8')).toContain('since 2026-02-02');
  await repo.write('c.ts', '// TODO(ops@plasma): newer\n');
  repo.commit('third', '2026-02-03T12:00:00Z');
  expect(await run({ since: '2026-02-02' })).toBe('PASS');
  const { text } = (await world.records('message.queued')).at(-1)?.body ?? {};
  expect(text?.split('\n\n')[0]).toBe('2 open, the oldest since 2026-02-02.\nNew (1):\n- ops@plasma: newer');
  // Nothing was made of a look at a part.
  expect(await rows()).toHaveLength(2);
  expect(await run({ since: '2026-02-31' })).toBe('FAIL');
  expect((await world.records('job.attempt')).at(-1)?.body.attempt.error_code).toBe('ARGUMENTS_INVALID');
});

test('files that somebody has changed stay as they are and are named; without a repository nothing is written', async () => {
  const { world, repo, run } = await open();
  await repo.write('a.ts', '// TODO(ops@plasma): one\n');
  repo.commit('first');
  expect(await run()).toBe('PASS');
  const data = path.join(world.root, DATA);
  const mine = (await readFile(data, 'utf8')).replace('"one"', '"two"');
  await writeFile(data, mine);
  await repo.write('a.ts', '// TODO(ops@plasma): three\n');
  expect(await run()).toBe('PASS');
  expect(await readFile(data, 'utf8')).toBe(mine);
  expect((await world.records('sync.advanced')).at(-1)?.body.conflicts).toEqual([
    expect.stringContaining('move it away'),
  ]);
  await rm(path.join(world.root, '.git'), { recursive: true });
  expect(await run()).toBe('FAIL');
  expect((await world.records('job.attempt')).at(-1)?.body.attempt.error_code).toBe('SYNC_NOT_GIT');
});

test('a repository cannot have programs run: its hooks, its file system monitor', async () => {
  const { world, repo, run, rows } = await open();
  await repo.write('a.ts', '// TODO(ops@plasma): one\n');
  repo.commit('first');
  const mark = path.join(world.root, 'ran');
  await repo.write('run.sh', `#!/bin/sh\ntouch ${mark}\n`);
  repo.git('config', 'core.fsmonitor', `sh ${path.join(world.root, 'run.sh')}`);
  repo.git('config', 'diff.x.textconv', `sh ${path.join(world.root, 'run.sh')}`);
  await repo.write('.gitattributes', '*.ts diff=x\n');
  expect(await run()).toBe('PASS');
  expect(await rows()).toMatchObject([{ since: expect.any(Number) }]);
  await expect(readFile(mark)).rejects.toThrow('ENOENT');
});
