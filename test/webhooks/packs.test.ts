import { constants } from 'node:fs';
import { mkdtemp, readFile, readdir, readlink, rm, truncate } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { SimFs } from '../crash/simfs.ts';
import { digestOf } from '../../daemon/digest.ts';
import { nodeFs } from '../../daemon/fs.ts';
import { Packs, type Place } from '../../daemon/integrations/webhooks/packs.ts';
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
        close: file.close.bind(file),
        writev: (parts: readonly Uint8Array[]) => (flushes++, file.writev(parts)),
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

test.each(['writev', 'open'] as const)(
  'when %s fails, all that waited hear it, and the next bodies are stored elsewhere',
  async (call) => {
    const dir = await folder();
    let failing = true;
    const broken = (): Promise<never> => Promise.reject(Object.assign(new Error('no'), { code: 'ENOSPC' }));
    const fs: Fs = {
      ...nodeFs,
      async open(...args) {
        if (call === 'open' && failing && args[1] === 'wxs') return broken();
        const file = await nodeFs.open(...args);
        return Object.assign(Object.create(file) as typeof file, {
          writev: (parts: readonly Uint8Array[]) =>
            call === 'writev' && failing ? broken() : file.writev(parts),
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

test('a write that is short goes on where it ended', async () => {
  const dir = await folder();
  let calls = 0;
  const short: Fs = {
    ...nodeFs,
    async open(...args) {
      const file = await nodeFs.open(...args);
      return Object.assign(Object.create(file) as typeof file, {
        close: file.close.bind(file),
        // Never more than 100 bytes: within a header, within a body, at their ends.
        writev: (parts: readonly Uint8Array[]) => (
          calls++,
          file.writev([Buffer.concat(parts).subarray(0, 100)])
        ),
      });
    },
  };
  const packs = new Packs(short, clock, dir);
  const places = await Promise.all(Array.from({ length: 20 }, (_none, n) => put(packs, n)));
  await packs.close();
  expect(calls).toBeGreaterThan(20);
  const again = new Packs(nodeFs, clock, dir);
  for (const [n, place] of places.entries())
    expect(await again.get(place, digestOf(body(n)), 'dlv')).toEqual(body(n));
});

test.skipIf(process.platform !== 'linux')('a pack is open so that each write is flushed', async () => {
  const dir = await folder();
  const packs = new Packs(nodeFs, clock, dir);
  await put(packs, 1);
  const [name = ''] = await readdir(dir);
  const open = await Promise.all(
    (await readdir('/proc/self/fd')).map(async (fd) => ({
      fd,
      to: await readlink(`/proc/self/fd/${fd}`).catch(() => ''),
    })),
  );
  const { fd } = open.find(({ to }) => to === path.join(dir, name)) ?? { fd: '' };
  const [, flags = ''] = /^flags:\s+(\d+)$/m.exec(await readFile(`/proc/self/fdinfo/${fd}`, 'utf8')) ?? [];
  expect(Number.parseInt(flags, 8) & constants.O_DSYNC).toBe(constants.O_DSYNC);
  await packs.close();
});

test('wherever the power goes, a body that was said to be stored is there', async () => {
  /** Six bodies, two at a time. */
  async function life(fs: SimFs): Promise<{ n: number; place: Place }[]> {
    const packs = new Packs(fs, clock, '/home/webhooks');
    const stored: { n: number; place: Place }[] = [];
    const both = (n: number) =>
      Promise.all([n, n + 1].map(async (one) => stored.push({ n: one, place: await put(packs, one) })));
    const work = both(0)
      .then(() => both(2))
      .then(() => both(4));
    await Promise.race([work.catch(() => undefined), fs.crashed]);
    return stored;
  }
  const whole = new SimFs({ seed: 1 });
  expect(await life(whole)).toHaveLength(6);
  let most = 0;
  for (let at = 0; at < whole.trace.length; at++)
    for (const after of [false, true]) {
      const fs = new SimFs({ faults: [{ at, kind: 'crash', after }], seed: at });
      const stored = await life(fs);
      if (fs.isCrashed) most = Math.max(most, stored.length);
      for (const loss of ['drop', 'tear', 'hole'] as const) {
        const again = new Packs(fs.reboot(loss, at), clock, '/home/webhooks');
        for (const { n, place } of stored)
          expect(await again.get(place, digestOf(body(n)), 'dlv')).toEqual(body(n));
      }
    }
  expect(most).toBeGreaterThan(1);
});
