import fc from 'fast-check';
import { expect, test } from 'vitest';
import { harmless, harmlessJson, harmlessLines } from '../../cli/io/harmless.ts';
import { bytes, count, duration, relative, shortId, stamp } from '../../cli/io/units.ts';
import { pad, truncate, widthOf, wrap } from '../../cli/io/width.ts';

const ACTS =
  /[\u0000-\u001f\u007f-\u009f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\u{e0000}-\u{e007f}]/u;

test('attack 51: whatever a line holds, nothing in it acts on the terminal', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      expect(ACTS.test(harmless(text))).toBe(false);
      for (const line of harmlessLines(text)) expect(ACTS.test(line)).toBe(false);
    }),
  );
  const nasty = '\u001b[2J\rok\u0085\u202egnp\u2028\u0007\u{e0041}\ud800';
  expect(harmless(nasty)).toBe('␛[2J␍ok‹U+0085›‹U+202E›gnp‹U+2028›␇‹U+E0041›‹U+D800›');
});

test('attack 51: harmless text is left as it is, in any script', () => {
  for (const text of ['plain', 'Grüße', '日本語', 'مرحبا', '👩‍👩‍👧', 'नमस्ते', 'می‌خواهم'])
    expect(harmless(text)).toBe(text);
});

test('attack 51: JSON output says the same and holds no character that acts', () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.string({ unit: 'binary' }), (value, text) => {
      const made = harmlessJson({ value, text });
      expect(JSON.parse(made)).toEqual(JSON.parse(JSON.stringify({ value, text })));
      expect(ACTS.test(made.replaceAll('\n', ''))).toBe(false);
    }),
  );
});

test('widths: wide, combining and joined characters', () => {
  expect(['abc', 'Grüße', '日本', 'e\u0301', '👩‍👩‍👧', '✓ ✗ …'].map(widthOf)).toEqual([3, 5, 4, 1, 2, 5]);
  expect(truncate('日本語です', 5)).toBe('日本…');
  expect(truncate('short', 5)).toBe('short');
  expect(pad('日', 4)).toBe('日  ');
  expect(pad('7', 3, 'right')).toBe('  7');
});

test('wrapping keeps every word and the width', () => {
  fc.assert(
    fc.property(
      fc.array(fc.stringMatching(/^[a-zä日]{1,30}$/), { minLength: 1 }),
      fc.integer({ min: 8, max: 60 }),
      (words, width) => {
        const lines = wrap(words.join(' '), width);
        for (const line of lines) expect(widthOf(line)).toBeLessThanOrEqual(width);
        expect(lines.join('').replaceAll(' ', '')).toBe(words.join(''));
      },
    ),
  );
});

test('durations, times and sizes in words', () => {
  expect([0, 850, 1250, 80_000, 7_500_000, 273_600_000].map(duration)).toEqual([
    '0 ms',
    '850 ms',
    '1.2 s',
    '1m 20s',
    '2h 05m',
    '3d 4h',
  ]);
  const now = Date.UTC(2026, 0, 2, 12);
  expect([now, now - 61_000, now - 7_200_000, now + 300_000].map((t) => relative(t, now))).toEqual([
    'just now',
    '1 min ago',
    '2 h ago',
    'in 5 min',
  ]);
  expect(stamp(now, now, false)).toMatch(/^\d\d:\d\d$/);
  expect(stamp(now - 3 * 86_400_000, now, false)).toMatch(/^\d{4}-\d\d-\d\d \d\d:\d\d$/);
  expect(stamp(now, now, true)).toMatch(/^\d{4}-\d\d-\d\d \d\d:\d\d:00\.000 [+-]\d\d:\d\d$/);
  expect([512, 1536, 5 * 1024 ** 3].map(bytes)).toEqual(['512 B', '1.5 KiB', '5.0 GiB']);
  expect([7, 1204, 1_000_000].map(count)).toEqual(['7', '1,204', '1,000,000']);
  const job = `job_${'1f2e3d4c'.repeat(4)}`;
  expect(shortId(`${job}.2`, false)).toBe('job_1f2e3d4c.2');
  expect(shortId(job, true)).toBe(job);
  expect(shortId('gr_000000000000000000000000', false)).toBe('gr_000000000000000000000000');
});
