import { appendFile, open, readdir, readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { expect, test } from 'vitest';
import { openAudit } from '../../daemon/admission/audit.ts';
import { nodeFs } from '../../daemon/fs.ts';
import type { Fs } from '../../daemon/ports/fs.ts';
import { openWorld, type World } from '../helpers/app.ts';

const lines = async (world: World): Promise<{ ledger_seq: number }[]> => {
  const text = await readFile(world.app.store.home.audit, 'utf8');
  expect(text.endsWith('\n')).toBe(true);
  return text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as { ledger_seq: number });
};
const note = (world: World, text: string) => world.as('root', { command: 'note', args: { text } });
/** Seqs of everything that is to be mirrored. */
const wanted = async (world: World): Promise<number[]> =>
  [...(await world.records('admin.event')), ...(await world.records('admission.refused'))]
    .map((r) => r.seq)
    .toSorted((a, b) => a - b);

test('attack 61: half a line at the end of the audit mirror is put aside, and its record mirrored anew, whole', async () => {
  for (const keep of [1, 40, -1]) {
    const world = await openWorld();
    for (const text of ['one', 'two', 'three']) await note(world, text);
    await world.app.stop('test');
    const { audit } = world.app.store.home;
    const before = await readFile(audit, 'utf8');
    const start = before.trimEnd().lastIndexOf('\n') + 1;
    // -1: all of the line but its end.
    const torn = before.slice(start, keep < 0 ? before.length - 1 : start + keep);
    const handle = await open(audit, 'r+');
    await handle.truncate(Buffer.byteLength(before.slice(0, start) + torn));
    await handle.close();
    await world.restart();
    await note(world, 'four');
    await expect.poll(async () => (await lines(world)).map((l) => l.ledger_seq)).toEqual(await wanted(world));
    const aside = (await readdir(world.home)).filter((name) => name.startsWith('audit.log.jsonl.torn-'));
    expect(aside).toHaveLength(1);
    expect(await readFile(path.join(world.home, aside[0] ?? ''), 'utf8')).toBe(torn);
    expect((await stat(path.join(world.home, aside[0] ?? ''))).mode & 0o077).toBe(0);
    expect(await readFile(world.app.store.home.log, 'utf8')).toContain('ended in half a line');
  }
});

test('attack 66: lines that found no room are mirrored when there is some, in order and whole', async () => {
  const world = await openWorld();
  const file = path.join(world.root, 'mirror.jsonl');
  let room = 50;
  const fs: Fs = {
    ...nodeFs,
    async open(name, flags, mode) {
      const handle = await nodeFs.open(name, flags, mode);
      return Object.assign(Object.create(handle) as typeof handle, {
        read: handle.read.bind(handle),
        stat: handle.stat.bind(handle),
        truncate: handle.truncate.bind(handle),
        close: handle.close.bind(handle),
        async write(data: Uint8Array) {
          if (room <= 0) throw Object.assign(new Error('no room'), { code: 'ENOSPC' });
          const n = await handle.write(data.subarray(0, room));
          room -= n;
          return n;
        },
      });
    },
  };
  const warned: string[] = [];
  const { ledger } = world.app.store;
  const mirror = await openAudit({ fs, path: file, ledger, warn: (why) => warned.push(why) });
  for (const text of ['one', 'two', 'three']) await note(world, text);
  await expect.poll(() => warned.length).toBeGreaterThan(0);
  expect(await readFile(file, 'utf8')).toBe('');
  room = Infinity;
  await note(world, 'four');
  await expect
    .poll(async () =>
      (await readFile(file, 'utf8'))
        .split('\n')
        .filter(Boolean)
        .map((line) => (JSON.parse(line) as { ledger_seq: number }).ledger_seq),
    )
    .toEqual(await wanted(world));
  await mirror.close();

  // And a fragment of before, where there is no room to put it aside.
  await appendFile(file, '{"ledger_seq":99');
  room = 0;
  const again = await openAudit({ fs, path: file, ledger, warn: (why) => warned.push(why) });
  await again.close();
  expect(warned.at(-1)).toMatch(/half a line/);
  expect(await readFile(file, 'utf8')).toContain('{"ledger_seq":99');
});
