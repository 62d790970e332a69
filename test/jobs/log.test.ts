import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import fc from 'fast-check';
import { AttemptLog } from '../../daemon/jobs/attempt-log.ts';
import { LogFile } from '../../daemon/jobs/log-file.ts';
import { MAX_LINE, quoteOf, safeLine, splitLines } from '../../daemon/jobs/log-line.ts';
import type { LiveEvent } from '../../daemon/ports/live.ts';
import { createRedactor } from '../../daemon/redact.ts';
import { tempDir } from '../helpers/ledger.ts';
import { ManualClock } from '../helpers/manual-clock.ts';
import { FileArtifacts } from './parts.ts';

async function open(secrets: string[] = [], maxBytes = 1_000_000) {
  const dir = await tempDir('reeve-log-');
  const clock = new ManualClock();
  const live: LiveEvent[] = [];
  const overflown: string[] = [];
  const log = await AttemptLog.open({
    path: join(dir, 'a.jsonl'),
    jobId: `job_${'1'.repeat(32)}`,
    attemptId: `job_${'1'.repeat(32)}.1`,
    clock,
    artifacts: new FileArtifacts(join(dir, 'store')),
    live: { publish: (event) => void live.push(event) },
    redactor: createRedactor(secrets),
    maxBytes,
    overflow: (step) => void overflown.push(step),
  });
  return { dir, clock, live, log, overflown };
}

test('lines come out whole and in order however the bytes arrive, as JSONL', async () => {
  const { dir, log } = await open();
  const text = 'one\r\ntwo ✓ äöü\nthree 🚀\n\nlast';
  for (const byte of Buffer.from(text)) await log.write('s', 'stdout', Uint8Array.of(byte));
  await log.endStep('s');
  const lines = await log.lines();
  expect(lines.map(({ line }) => line)).toEqual(['one', 'two ✓ äöü', 'three 🚀', '', 'last']);
  const raw = await readFile(join(dir, 'a.jsonl'), 'utf8');
  expect(JSON.parse(raw.split('\n')[0] ?? '')).toEqual({
    t: lines[0]?.t,
    step: 's',
    stream: 'stdout',
    line: 'one',
  });
  await log.close();
});

test('attack 49: a secret split across chunks or in base64 never reaches file, watchers or artifact', async () => {
  const secret = 'correct-horse-battery';
  const { dir, clock, live, log } = await open([secret]);
  const text = `a ${secret} b\n${Buffer.from(secret).toString('base64')}\nno newline ${secret}`;
  for (const byte of Buffer.from(text)) await log.write('s', 'stderr', Uint8Array.of(byte));
  await clock.advance(50);
  const { ref } = await log.finish();
  const stored = await readFile(join(dir, 'store', (ref?.digest ?? '').slice(7)), 'utf8');
  for (const seen of [stored, JSON.stringify(live)]) {
    expect(seen).not.toContain(secret);
    expect(seen).not.toContain(Buffer.from(secret).toString('base64').slice(0, 20));
    expect(seen).toContain('[redacted]');
  }
});

test('whoever reads the log while it becomes an artifact gets all of it, every time', async () => {
  for (let round = 0; round < 30; round++) {
    const { log } = await open();
    await log.write('s', 'stdout', 'one\ntwo\n');
    const reads: Promise<string[]>[] = [];
    const read = () => log.lines().then((lines) => lines.map(({ line }) => line));
    const finished = log.finish().then(() => 'finished');
    const turn = async () => {
      reads.push(read());
      await new Promise(setImmediate);
      return 'reading';
    };
    while ((await Promise.race([finished, turn()])) !== 'finished');
    reads.push(read());
    for (const lines of await Promise.all(reads)) expect(lines).toEqual(['one', 'two']);
  }
});

test('watchers get lines in batches: a hundred at once, or what is there after 50 ms', async () => {
  const { clock, live, log } = await open();
  await log.write('s', 'stdout', 'a\nb\n');
  expect(live).toEqual([]);
  await clock.advance(50);
  expect(live.map(({ lines }) => lines)).toEqual([['a', 'b']]);
  await log.write('s', 'stdout', 'x\n'.repeat(250));
  expect(live.slice(1).map(({ lines }) => lines.length)).toEqual([100, 100, 50]);
  await log.close();
});

test('a step over its limit is told once, and the rest of it is dropped', async () => {
  const { log, overflown } = await open([], 10);
  await log.write('s', 'stdout', '12345\n');
  await log.write('s', 'stdout', '1234567890\n');
  await log.write('s', 'stdout', 'more\n');
  await log.write('t', 'stdout', 'fine\n');
  expect(overflown).toEqual(['s']);
  expect((await log.lines()).map(({ line }) => line)).toEqual(['12345', 'fine']);
  await log.close();
  await log.write('t', 'stdout', 'late\n');
});

test('who writes faster than the disk is made to wait', async () => {
  const dir = await tempDir('reeve-log-');
  const file = await LogFile.create(join(dir, 'x'));
  const big = 'x'.repeat(300 * 1024);
  let room = false;
  const waiting = file.add(big).then(() => (room = true));
  await Promise.resolve();
  expect(room).toBe(false);
  await waiting;
  await file.close();
  expect((await readFile(join(dir, 'x'))).length).toBe(big.length);
});

test('splitting loses and invents nothing', () => {
  const piece = fc.string({ unit: fc.constantFrom('a', '\n', '\r', 'ä', ' '), maxLength: 12 });
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 12 }), (chunks) => {
      let rest = '';
      const lines: string[] = [];
      for (const chunk of chunks) {
        const split = splitLines(rest + chunk);
        lines.push(...split.lines);
        rest = split.rest;
      }
      const whole = chunks.join('').split(/\r\n|\n|\r/);
      const tail = rest.endsWith('\r') ? [rest.slice(0, -1), ''] : [rest];
      expect([...lines, ...tail]).toEqual(whole);
    }),
  );
  const long = 'y'.repeat(MAX_LINE * 2 + 5);
  const { lines, rest } = splitLines(long);
  expect([...lines, rest].join('')).toBe(long);
  expect(lines.map((line) => line.length)).toEqual([MAX_LINE, MAX_LINE]);
});

test('attack 51: nothing that moves a cursor or turns text around is left in a line', () => {
  expect(safeLine('\u001b[31mred\u001b[0m\tok')).toBe('red\tok');
  expect(safeLine('a\u0007b\u202ec\u2028d')).toBe('a\\u{7}b\\u{202e}c\\u{2028}d');
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 200 }), (text) => {
      const safe = safeLine(text.replaceAll('\n', ''));
      // eslint-disable-next-line no-control-regex -- these are what must not be there
      expect(safe).not.toMatch(/[\u0000-\u0008\u000a-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069]/);
      expect(safe.isWellFormed()).toBe(true);
    }),
  );
  expect(quoteOf('x'.repeat(2000))).toHaveLength(500);
});
