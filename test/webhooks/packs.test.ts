import { mkdtemp, readdir, rm, truncate } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { digestOf } from '../../daemon/digest.ts';
import { nodeFs } from '../../daemon/fs.ts';
import { Packs } from '../../daemon/integrations/webhooks/packs.ts';
import type { Fs } from '../../daemon/ports/fs.ts';

async function folder(): Promise<string> {
  const dir = await mkdtemp(path.join(os.tmpdir(), 'reeve-packs-'));
  onTestFinished(() => rm(dir, { recursive: true, force: true }));
  return path.join(dir, 'webhooks');
}
const clock = { now: () => 1_700_000_000_000 };
const body = (n: number): Buffer => Buffer.from(JSON.stringify({ n, text: 'x'.repeat(n * 37) }));
const put = (packs: Packs, n: number) => packs.put(body(n), digestOf(body(n)));

test('bodies that wait together are written with one flush, each is found again, and another process begins a new pack', async () => {
  const dir = await folder();
  let flushes = 0;
  const counting: Fs = {
    ...nodeFs,
    open: async (...args) => {
      const file = await nodeFs.open(...args);
      return Object.assign(Object.create(file) as typeof file, {
        write: file.write.bind(file),
        close: file.close.bind(file),
        datasync: () => (flushes++, file.datasync()),
      });
    },
  };
  const packs = new Packs(counting, clock, dir);
  const places = await Promise.all(Array.from({ length: 100 }, (_none, n) => put(packs, n)));
  expect(flushes).toBe(1);
  await packs.close();
  const again = new Packs(nodeFs, clock, dir);
  const more = await put(again, 100);
  expect(more.pack).not.toBe(places[0]?.pack);
  for (const [n, place] of [...places, more].entries())
    expect(await again.get(place, digestOf(body(n)), 'dlv')).toEqual(body(n));
  await again.close();
});

test.each(['write', 'datasync', 'open'] as const)(
  'when %s fails, all that waited hear it, and the next bodies are stored elsewhere',
  async (call) => {
    const dir = await folder();
    let failing = true;
    const broken = (): Promise<never> => Promise.reject(Object.assign(new Error('no'), { code: 'ENOSPC' }));
    const fs: Fs = {
      ...nodeFs,
      async open(...args) {
        if (call === 'open' && failing && args[1] === 'wx') return broken();
        const file = await nodeFs.open(...args);
        return Object.assign(Object.create(file) as typeof file, {
          write: (data: Uint8Array) => (call === 'write' && failing ? broken() : file.write(data)),
          datasync: () => (call === 'datasync' && failing ? broken() : file.datasync()),
          close: () => file.close(),
        });
      },
    };
    const packs = new Packs(fs, clock, dir);
    const results = await Promise.allSettled([put(packs, 1), put(packs, 2)]);
    expect(results.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    failing = false;
    const place = await put(packs, 3);
    expect(await new Packs(nodeFs, clock, dir).get(place, digestOf(body(3)), 'dlv')).toEqual(body(3));
    await packs.close();
  },
);

test('a pack that was torn gives no body, and says so', async () => {
  const dir = await folder();
  const packs = new Packs(nodeFs, clock, dir);
  const first = await put(packs, 1);
  const second = await put(packs, 50);
  await packs.close();
  const [name = ''] = await readdir(dir);
  await truncate(path.join(dir, name), second.offset + 60);
  expect(await packs.get(first, digestOf(body(1)), 'dlv')).toEqual(body(1));
  await expect(packs.get(second, digestOf(body(50)), 'dlv')).rejects.toMatchObject({
    code: 'ARTIFACT_CORRUPT',
  });
  await expect(packs.get(first, digestOf(body(2)), 'dlv')).rejects.toMatchObject({
    code: 'ARTIFACT_CORRUPT',
  });
  await expect(packs.get({ pack: 5, offset: 0 }, digestOf(body(1)), 'dlv')).rejects.toMatchObject({
    code: 'DELIVERY_BODY_GONE',
  });
});
