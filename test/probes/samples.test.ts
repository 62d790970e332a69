import { appendFile, mkdir, readdir, readFile, stat, truncate, writeFile } from 'node:fs/promises';
import path from 'node:path';
import fc from 'fast-check';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { Verdict } from '../../contracts/watch.ts';
import { nodeFs } from '../../daemon/fs.ts';
import type { Fs } from '../../daemon/ports/fs.ts';
import { ChunkWriter, chunksIn } from '../../daemon/probes/samples/chunk.ts';
import { Cursor, putVarint, unzigzag, zigzag } from '../../daemon/probes/samples/codec.ts';
import { SampleStore } from '../../daemon/probes/samples/store.ts';
import { tempDir } from '../helpers/ledger.ts';
import { ManualClock } from '../helpers/manual-clock.ts';

const DAY = 86_400_000;
const HOUR = 3_600_000;
const START = Date.UTC(2026, 0, 2, 12);

interface Sample {
  at: number;
  verdict: Verdict;
  ms: number | null;
}

async function setUp(options: { retention?: number; fs?: Fs; headBytes?: number } = {}) {
  const dir = path.join(await tempDir(), 'samples');
  const clock = new ManualClock(START);
  const warnings: string[] = [];
  const troubles: (string | null)[] = [];
  const open = async (): Promise<SampleStore> => {
    const store = await SampleStore.open({
      fs: options.fs ?? nodeFs,
      clock,
      dir,
      retention: () => options.retention ?? 30 * DAY,
      ...(options.headBytes === undefined ? {} : { headBytes: options.headBytes }),
      warn: (what, error) => warnings.push(`${what}: ${String(error)}`),
      trouble: (why) => troubles.push(why),
    });
    onTestFinished(() => store.close());
    return store;
  };
  return { dir, clock, warnings, troubles, open, files: async () => (await readdir(dir)).toSorted() };
}

/** Lets disk work that no timer waits for come to its end. */
async function until(holds: () => boolean | Promise<boolean>, clock: ManualClock): Promise<void> {
  while (!(await holds())) {
    await clock.advance(1);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}

describe('numbers', () => {
  test('varints and zigzag come back as they went', () => {
    fc.assert(
      fc.property(fc.maxSafeNat(), fc.integer(), (n, i) => {
        const bytes = Buffer.alloc(20);
        const end = putVarint(bytes, 0, n);
        expect(new Cursor(bytes, 0, end).varint()).toBe(n);
        expect(unzigzag(zigzag(i))).toBe(i);
      }),
    );
    const torn = new Cursor(Buffer.from([0x80]));
    expect([torn.varint(), torn.torn]).toEqual([0, true]);
  });

  test('a chunk gives back its samples, and a broken one none', () => {
    const sample = fc.tuple(fc.integer({ min: 0, max: DAY - 1 }), fc.integer({ min: 0, max: 1_600_000_000 }));
    fc.assert(
      fc.property(fc.array(sample, { minLength: 1, maxLength: 50 }), fc.nat(), fc.nat(), (samples, a, b) => {
        const writer = new ChunkWriter();
        for (const [at, value] of samples) writer.add(START + at, value);
        const bytes = Buffer.concat([writer.seal(), writer.seal()]);
        let damaged = 0;
        const back = [...chunksIn(bytes, () => damaged++)].map((chunk) => {
          const found: [number, number][] = [];
          chunk.samples((at, value) => found.push([at - START, value]));
          return found;
        });
        expect(back).toEqual([samples, samples]);
        expect(damaged).toBe(0);
        const broken = Buffer.from(bytes);
        const place = a % broken.length;
        broken[place] = (broken[place] ?? 0) ^ ((b % 255) + 1);
        const left = [...chunksIn(broken, () => damaged++)];
        expect(damaged).toBe(1);
        expect(left.length).toBeLessThan(2);
      }),
    );
  });

  test('a sample at an even pace takes four bytes at most', () => {
    const writer = new ChunkWriter();
    for (let i = 0; i < 1000; i++) writer.add(START + i * 20_000 + (i % 7), 16 * (1 + 4321 + i) + 0);
    expect(writer.bytes / 1000).toBeLessThan(4.1);
  });
});

describe('what was put in is what comes out', () => {
  const verdict = fc.constantFrom<Verdict>('up', 'degraded', 'down', 'halted', 'inconclusive');
  const samples = fc.array(
    fc.record({
      // Over three days and out of order, as after a clock was set back.
      at: fc.integer({ min: 0, max: 3 * DAY }),
      verdict,
      ms: fc.option(fc.integer({ min: 0, max: 300_000 }).map((n) => n / 100)),
    }),
    { maxLength: 60 },
  );

  test('from memory, journals, parts and days alike', async () => {
    await fc.assert(
      fc.asyncProperty(
        samples,
        fc.integer({ min: 0, max: 60 }),
        fc.integer({ min: 1, max: 20 }),
        async (all, cut, count) => {
          const t = await setUp();
          const base = START - (START % DAY);
          const one = await t.open();
          for (const s of all.slice(0, cut)) one.add('web', { ...s, at: base + s.at });
          one.add('other', { at: base, verdict: 'down', ms: 7 });
          await one.close();
          const store = await t.open();
          for (const s of all.slice(cut)) store.add('web', { ...s, at: base + s.at });
          const [from, to] = [base, base + 3 * DAY + 1];
          const raw = await store.raw('web', from, to, 1000);
          const inOrder = all.map((s) => ({ ...s, at: base + s.at })).toSorted((a, b) => a.at - b.at);
          const byTime = (list: Sample[]): string[] =>
            list.map((s) => `${s.at} ${s.verdict} ${s.ms}`).toSorted((a, b) => (a < b ? -1 : 1));
          expect(byTime(raw)).toEqual(byTime(inOrder));
          const buckets = await store.series('web', from, to, count);
          const sum = (key: Verdict): number => buckets.reduce((n, b) => n + b[key], 0);
          for (const key of ['up', 'degraded', 'down', 'halted', 'inconclusive'] as const)
            expect(sum(key)).toBe(all.filter((s) => s.verdict === key).length);
          const slow = 1000;
          const good = all.filter(
            (s) => ['up', 'degraded'].includes(s.verdict) && (s.ms ?? 0) <= slow,
          ).length;
          const bad = all.filter((s) => s.verdict !== 'inconclusive').length - good;
          expect(await store.tally('web', from, to, slow)).toEqual({ good, bad });
          await store.close();
        },
      ),
      { numRuns: 25 },
    );
  });

  test('a chart: extremes and mean are exact, p95 within five per cent, whether decoded or summed up', async () => {
    const t = await setUp();
    const store = await t.open();
    const latencies = Array.from({ length: 2000 }, (_, i) => 5 + ((i * 7919) % 1000) / 10);
    for (const [i, ms] of latencies.entries()) store.add('web', { at: START + i * 1000, verdict: 'up', ms });
    const exact = latencies.toSorted((a, b) => a - b)[Math.ceil(0.95 * 2000) - 1] ?? 0;
    const check = async (): Promise<void> => {
      const [bucket] = await store.series('web', START, START + HOUR, 1);
      expect(bucket).toMatchObject({ up: 2000, min: Math.min(...latencies), max: Math.max(...latencies) });
      expect(bucket?.mean).toBeCloseTo(latencies.reduce((a, b) => a + b, 0) / 2000, 2);
      expect(Math.abs((bucket?.p95 ?? 0) / exact - 1)).toBeLessThan(0.05);
    };
    await check();
    await t.clock.advance(HOUR + 2000);
    store.add('web', { at: START + 2 * HOUR, verdict: 'up', ms: 1 });
    await t.clock.advance(2000);
    await until(async () => (await t.files()).some((name) => name.endsWith('.part')), t.clock);
    await check();
    expect((await store.series('web', START, START + HOUR, 1)).length).toBe(1);
    expect(await store.series('nobody', START, START + HOUR, 3)).toMatchObject([
      { up: 0, p95: null },
      { up: 0 },
      { up: 0 },
    ]);
    expect(await store.series('web', START, START + HOUR, 99_999)).toHaveLength(2000);
  });

  test('a day that is over becomes one file; what is too old goes as whole files', async () => {
    const t = await setUp({ retention: 3 * DAY });
    const store = await t.open();
    for (let i = 0; i < 5 * 24; i++) {
      for (const probe of ['a', 'b']) store.add(probe, { at: t.clock.now(), verdict: 'up', ms: i });
      await t.clock.advance(HOUR);
      await store.settled();
    }
    // Of the days before today's nothing is in parts, and what is older than the retention is gone.
    const today = '2026-01-07';
    const before = async (): Promise<string[]> =>
      (await t.files()).filter((name) => name.startsWith('2026') && !name.startsWith(today));
    await until(async () => {
      const names = await before();
      return names.length === 3 && names.every((name) => name.endsWith('.day'));
    }, t.clock);
    expect((await before()).map((name) => name.slice(0, 10))).toEqual([
      '2026-01-04',
      '2026-01-05',
      '2026-01-06',
    ]);
    // What there is of today is not in many parts either.
    await until(async () => {
      const names = await t.files();
      return names.filter((name) => name.startsWith(today) && name.endsWith('.part')).length < 8;
    }, t.clock);
    const raw = await store.raw('b', 0, Date.UTC(2027, 0), 1000);
    expect(raw.map(({ ms }) => ms)).toEqual(
      Array.from({ length: raw.length }, (_, i) => 120 - raw.length + i),
    );
    expect(raw.length).toBeGreaterThan(3 * 24);
    expect(t.warnings).toEqual([]);
  });

  test('a chart while days are put together and expire reads each sample once', async () => {
    const t = await setUp({ retention: 60 * DAY });
    const store = await t.open();
    for (let i = 0; i < 8 * 24; i++) {
      for (const probe of ['a', 'b', 'c']) store.add(probe, { at: t.clock.now(), verdict: 'up', ms: i });
      if (i % 5 === 0) {
        const [asked] = await Promise.all([
          store.series('b', START, START + 9 * DAY, 7),
          t.clock.advance(HOUR),
        ]);
        expect(asked.reduce((n, { up }) => n + up, 0)).toBe(i + 1);
      } else await t.clock.advance(HOUR);
    }
    expect(t.warnings).toEqual([]);
  });

  test('a journal whose samples are in a table is gone, and no file stays open but the one in use', async () => {
    let open = 0;
    const fs: Fs = {
      ...nodeFs,
      async open(...asked) {
        const file = await nodeFs.open(...asked);
        open += 1;
        const close = file.close.bind(file);
        file.close = () => {
          open -= 1;
          return close();
        };
        return file;
      },
    };
    const t = await setUp({ fs });
    const store = await t.open();
    // A sample comes with every write, as in a daemon: also with the one that ends an hour.
    for (let i = 0; i < 4 * 180 + 20; i++) {
      store.add('web', { at: t.clock.now(), verdict: 'up', ms: i });
      await t.clock.advance(20_000);
    }
    await store.settled();
    const names = await t.files();
    expect(names.filter((name) => name.endsWith('.part')).length).toBeGreaterThanOrEqual(3);
    expect(names.filter((name) => name.startsWith('journal-'))).toHaveLength(1);
    expect(open).toBe(1);
    await store.close();
    expect(open).toBe(0);
  });
});

describe('what can go wrong', () => {
  const fill = async (store: SampleStore, count: number): Promise<void> => {
    for (let i = 0; i < count; i++) store.add('web', { at: START + i, verdict: 'up', ms: i });
    await store.settled();
  };

  test('every torn tail of a journal loses its last frame at most, and nothing is made up', async () => {
    const t = await setUp();
    const store = await t.open();
    await fill(store, 10);
    const journal = path.join(t.dir, 'journal-1');
    const first = (await stat(journal)).size;
    for (let i = 10; i < 20; i++) store.add('web', { at: START + i, verdict: 'up', ms: i });
    await store.close();
    const whole = await readFile(journal);
    for (let size = first; size < whole.length; size++) {
      const other = await setUp();
      await (await other.open()).close();
      await writeFile(path.join(other.dir, 'journal-1'), whole.subarray(0, size));
      const again = await other.open();
      const raw = await again.raw('web', 0, 2 * START, 100);
      expect(raw.map(({ ms }) => ms)).toEqual(Array.from({ length: 10 }, (_, i) => i));
      expect(other.warnings.length).toBe(size === first ? 0 : 1);
      await again.close();
    }
  });

  test('garbage after the end, and a journal that is none', async () => {
    const t = await setUp();
    await fill(await t.open(), 10);
    await appendFile(path.join(t.dir, 'journal-1'), Buffer.alloc(100, 0xff));
    await writeFile(path.join(t.dir, 'journal-2'), 'not a journal');
    const again = await t.open();
    expect(await again.raw('web', 0, 2 * START, 100)).toHaveLength(10);
    expect(t.warnings).toHaveLength(2);
  });

  test('a crash between the table and the end of its journal counts no sample twice', async () => {
    const t = await setUp();
    const store = await t.open();
    await fill(store, 10);
    await store.close();
    const journal = await readFile(path.join(t.dir, 'journal-1'));
    await (await t.open()).close();
    expect(await t.files()).toEqual(['2026-01-02.1.part']);
    await writeFile(path.join(t.dir, 'journal-1'), journal);
    const again = await t.open();
    expect(await again.raw('web', 0, 2 * START, 100)).toHaveLength(10);
    expect(await t.files()).toEqual(['2026-01-02.1.part']);
  });

  test('a journal that cannot be read at all is set aside, and everything else goes on', async () => {
    const t = await setUp();
    await fill(await t.open(), 10);
    await mkdir(path.join(t.dir, 'journal-7'));
    const store = await t.open();
    expect(await store.raw('web', 0, 2 * START, 100)).toHaveLength(10);
    expect(t.warnings).toEqual([expect.stringContaining('journal-7.unreadable')]);
    expect(await t.files()).toContain('journal-7.unreadable');
    await store.close();
    await (await t.open()).close();
    expect(t.warnings).toHaveLength(1);
  });

  test('one damaged part of a day does not hide the parts after it when they are put together', async () => {
    const t = await setUp();
    for (let part = 0; part < 3; part++) {
      const store = await t.open();
      await fill(store, 10);
      await store.close();
      await t.clock.advance(HOUR);
    }
    await (await t.open()).close();
    const [first = ''] = (await t.files()).filter((name) => name.endsWith('.part'));
    const bytes = await readFile(path.join(t.dir, first));
    bytes[20] = (bytes[20] ?? 0) ^ 1;
    await writeFile(path.join(t.dir, first), bytes);
    const store = await t.open();
    expect(await store.raw('web', 0, 2 * START, 100)).toHaveLength(20);
    t.clock.jump(DAY);
    await t.clock.advance(60_000);
    await until(async () => (await t.files()).every((name) => !name.endsWith('.part')), t.clock);
    expect(await store.raw('web', 0, 2 * START, 100)).toHaveLength(20);
  });

  test('a clock that is set a year ahead and back costs no samples', async () => {
    const t = await setUp({ retention: 3 * DAY });
    const store = await t.open();
    for (let i = 0; i < 4 * 24; i++) {
      store.add('web', { at: t.clock.now(), verdict: 'up', ms: i });
      await t.clock.advance(HOUR);
    }
    const before = await store.raw('web', t.clock.now() - 3 * DAY, t.clock.now(), 1000);
    expect(before).toHaveLength(72);
    const begun = t.clock.now();
    t.clock.jump(365 * DAY);
    for (let i = 0; i < 10; i++) {
      store.add('web', { at: t.clock.now(), verdict: 'up', ms: i });
      await t.clock.advance(60_000);
    }
    // What tidies up ends with it.
    await store.close();
    t.clock.jump(-365 * DAY);
    const left = await (await t.open()).raw('web', begun - 3 * DAY + DAY, begun, 1000);
    expect(left).toHaveLength(48);
  });

  test('a damaged table is left out and told; the others are read', async () => {
    const t = await setUp();
    await fill(await t.open(), 10);
    await (await t.open()).close();
    const part = path.join(t.dir, '2026-01-02.1.part');
    const good = await readFile(part);
    for (const size of [0, 10, good.length - 1]) {
      await writeFile(part, good);
      await truncate(part, size);
      const store = await t.open();
      expect(await store.raw('web', 0, 2 * START, 100)).toEqual([]);
      expect(t.warnings.splice(0)).toHaveLength(1);
      await store.close();
    }
    const flipped = Buffer.from(good);
    flipped[20] = (flipped[20] ?? 0) ^ 1;
    await writeFile(part, flipped);
    const store = await t.open();
    expect(await store.raw('web', 0, 2 * START, 100)).toEqual([]);
    expect(t.warnings).toHaveLength(1);
  });

  /** A disk that can be filled: every write fails then, half of it done. */
  function fillable(): { fs: Fs; full: boolean } {
    const disk = {
      full: false,
      fs: {
        ...nodeFs,
        async open(...asked) {
          const file = await nodeFs.open(...asked);
          const write = file.write.bind(file);
          file.write = async (data, position) => {
            if (!disk.full) return write(data, position);
            await write(data.subarray(0, data.length >> 1));
            throw Object.assign(new Error('ENOSPC: no space left on device'), { code: 'ENOSPC' });
          };
          return file;
        },
      } satisfies Fs,
    };
    return disk;
  }

  test('on a full disk samples stay in memory, it is said once, and once there is room all is written', async () => {
    const disk = fillable();
    const t = await setUp({ fs: disk.fs });
    const store = await t.open();
    await fill(store, 5);
    disk.full = true;
    for (let i = 5; i < 10; i++) {
      store.add('web', { at: START + i, verdict: 'up', ms: i });
      await store.settled();
    }
    expect(t.troubles).toEqual([expect.stringContaining('ENOSPC')]);
    expect(await store.raw('web', 0, 2 * START, 100)).toHaveLength(10);
    expect(store.health()).toMatchObject({
      stored: 10,
      dropped: 0,
      trouble: expect.stringContaining('ENOSPC'),
    });
    disk.full = false;
    for (let i = 10; i < 15; i++) store.add('web', { at: START + i, verdict: 'up', ms: i });
    await store.settled();
    expect(t.troubles.at(-1)).toBeNull();
    expect(t.warnings).toHaveLength(1);
    await store.close();
    // Killed now, those of the full time would be lost; none is torn.
    const again = await t.open();
    const raw = await again.raw('web', 0, 2 * START, 100);
    expect(raw.map(({ ms }) => ms)).toEqual([0, 1, 2, 3, 4, 10, 11, 12, 13, 14]);
  });

  test('when the disk stays full the oldest are given up, counted and told', async () => {
    const disk = fillable();
    const t = await setUp({ fs: disk.fs, headBytes: 20_000 });
    const store = await t.open();
    disk.full = true;
    const at = (i: number): Sample => ({ at: START + i, verdict: 'up', ms: (i * 7919) % 100_000 });
    for (let i = 0; i < 50_000; i++) {
      store.add('web', at(i));
      if (i % 500 === 0) await store.settled();
    }
    await until(() => store.health().dropped > 0, t.clock);
    const { stored, dropped } = store.health();
    expect(stored).toBe(50_000);
    expect(dropped).toBeLessThan(stored);
    expect(t.warnings.some((line) => line.includes('samples were given up'))).toBe(true);
    disk.full = false;
    await t.clock.advance(61_000);
    await until(() => store.health().trouble === null, t.clock);
    const { good } = await store.tally('web', 0, 2 * START);
    expect(good).toBe(stored - dropped);
  });
});
