import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { verifyLedger } from '../../daemon/ledger/index.ts';
import { newSigner, openTest, tempDir } from '../helpers/ledger.ts';

/** Large enough for more than one thread: records of very different lengths in segments of many pieces. */
async function bigLedger() {
  const dir = join(await tempDir(), 'ledger');
  const { ledger } = await openTest(dir, newSigner(), { segmentBytes: 15 * 1024 * 1024 });
  const files = Array.from({ length: 100 }, (_, i) => `${i}`.padEnd(397, '/'));
  const append = (n: number) =>
    ledger.append('zone.drift', { mode: 'warn', files: n % 3 === 0 ? files : files.slice(0, n % 5) });
  for (let n = 0; n < 2000; n += 100) await Promise.all(Array.from({ length: 100 }, (_, i) => append(n + i)));
  const { head } = await ledger.append('zone.drift', { mode: 'warn', files: [] });
  await ledger.close();
  return { dir, head };
}

test('a ledger of many pieces verifies on several threads, whether reads block or not, and says how far it is', async () => {
  const { dir, head } = await bigLedger();
  for (const blocking of [false, true]) {
    const seen: number[] = [];
    let total = 0;
    const report = await verifyLedger(dir, {
      blocking,
      onProgress: (bytes, of) => {
        seen.push(bytes);
        total = of;
      },
    });
    expect(report).toMatchObject({ ok: true, size: 2002, unsigned: 0, torn: null });
    expect(report.bytes).toBeGreaterThan(20 * 1024 * 1024);
    expect(seen.length).toBeGreaterThan(4);
    expect(seen).toEqual(seen.toSorted((a, b) => a - b));
    expect([seen.at(-1), total]).toEqual([report.bytes, report.bytes]);
    // As `append` gave it: its root is worked out only when it is read.
    expect((await verifyLedger(dir, { blocking, anchored: head })).problems).toEqual([]);
  }
});

test('one byte changed in any piece is found', async () => {
  const { dir } = await bigLedger();
  const { segments } = await verifyLedger(dir);
  expect(segments.length).toBeGreaterThan(1);
  for (const blocking of [false, true])
    for (const { name, bytes } of segments)
      for (const share of [0.01, 0.5, 0.99]) {
        const file = await open(join(dir, name), 'r+');
        const at = Math.floor(share * bytes);
        const before = Buffer.alloc(1);
        await file.read(before, 0, 1, at);
        await file.write(Buffer.from([(before[0] ?? 0) ^ 1]), 0, 1, at);
        const report = await verifyLedger(dir, { blocking });
        expect(report.ok, `${name} at ${at}`).toBe(false);
        expect(report.problems[0]).toMatchObject({ code: 'LEDGER_CORRUPT', segment: name });
        await file.write(before, 0, 1, at);
        await file.close();
      }
  expect((await verifyLedger(dir)).ok).toBe(true);
});
