import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { nodeFs } from '../../daemon/fs.ts';
import type { Fs } from '../../daemon/ports/fs.ts';
import type { MirrorItem } from '../../daemon/ports/mirror.ts';
import { GithubMirror } from '../../daemon/sync/github/mirror.ts';
import { ManualClock } from '../helpers/manual-clock.ts';

const repository = { id: 7, named: 'acme/shop', full_name: 'acme/shop' };
const item = (id: number): MirrorItem => ({
  id,
  created: id,
  at: id,
  title: `run ${id}`,
  state: 'success',
  ref: 'main',
  by: null,
  by_id: null,
  url: `https://github.com/acme/shop/actions/runs/${id}`,
});

/** The real file system; the next write of items ends amid the line. */
function tearing(): { fs: Fs; tear(): void } {
  let armed = false;
  return {
    tear: () => void (armed = true),
    fs: {
      ...nodeFs,
      async open(file, flags, mode) {
        const handle = await nodeFs.open(file, flags, mode);
        if (flags !== 'a') return handle;
        const { write } = handle;
        handle.write = async (data, position) => {
          if (!armed) return write.call(handle, data, position);
          armed = false;
          await write.call(handle, data.subarray(0, 20));
          throw Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' });
        };
        return handle;
      },
    },
  };
}

test('a write that fails amid a line harms none of those that wait behind it, and loses no item', async () => {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'reeve-shelf-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const { fs, tear } = tearing();
  const mirror = new GithubMirror({ fs, folder, clock: new ManualClock() });
  onTestFinished(() => mirror.close());
  await mirror.tell(repository, 'runs', item(1));
  await mirror.with(7, 'runs', (shelf) => shelf.put([], { top: 1 }));
  tear();
  const put = (id: number) => mirror.with(7, 'runs', (shelf) => shelf.put([item(id)]));
  const all = await Promise.allSettled([put(2), put(3), put(4)]);
  expect(all.map(({ status }) => status)).toEqual(['rejected', 'fulfilled', 'fulfilled']);
  const newest = (of: GithubMirror) =>
    of.with(7, 'runs', async (shelf) => (await shelf.newest(9, () => true)).map(({ id }) => id));
  expect(await newest(mirror)).toEqual([4, 3, 1]);
  // Whoever reads it next finds the same, and how far it has come.
  const next = new GithubMirror({ fs: nodeFs, folder, clock: new ManualClock() });
  onTestFinished(() => next.close());
  expect(await newest(next)).toEqual([4, 3, 1]);
  expect(await next.with(7, 'runs', async ({ cursor }) => cursor)).toEqual({ top: 1 });
  const text = await readFile(path.join(folder, '7/runs.jsonl'), 'utf8');
  for (const line of text.trimEnd().split('\n')) expect(line).toMatch(/^[0-9a-f]{8} \{.*\}$/);
});

test('a damaged name of a repository hides that one alone, until it is told again', async () => {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'reeve-shelf-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const mirror = new GithubMirror({ fs: nodeFs, folder, clock: new ManualClock() });
  onTestFinished(() => mirror.close());
  const other = { id: 8, named: 'acme/till', full_name: 'acme/till' };
  for (const one of [repository, other]) await mirror.tell(one, 'runs', item(1));
  await writeFile(path.join(folder, '7/repository.json'), '{"id":7,"na');
  expect(await mirror.repositories()).toEqual([other]);
  await mirror.remember(repository);
  expect(await mirror.repositories()).toEqual(expect.arrayContaining([repository, other]));
});
