import fc from 'fast-check';
import { expect, test } from 'vitest';
import { block, cut, firstUnsafe, oneLine } from '../daemon/text.ts';

const BAD = '\r\n\u001b[31m\u202e\u2066\u2028\u2029\u0085\u009b\u0000\u200b\ufeff\u{e0041}\ud800';

test('attack 51: CR/LF, ANSI, bidi and U+2028 become visible escapes', () => {
  expect(oneLine(`a${BAD}b`)).toBe(
    'a\\r\\n\\u{1b}[31m\\u{202e}\\u{2066}\\u{2028}\\u{2029}\\u{85}\\u{9b}\\u{0}\\u{200b}\\u{feff}\\u{e0041}\\u{d800}b',
  );
  expect(block('a\r\nb\tc\rd')).toBe('a\nb\tc\\rd');
});

test('attack 51: whatever goes in, nothing unsafe comes out', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 300 }), fc.nat(400), (text, max) => {
      expect(oneLine(text, max)).not.toMatch(/[\n\r\t]/);
      expect(firstUnsafe(oneLine(text, max))).toBeUndefined();
      expect(firstUnsafe(block(text, max))).toBeUndefined();
    }),
  );
});

test('attack 53: a reason of a megabyte is cut, and says so', () => {
  const cutText = oneLine('x'.repeat(1024 * 1024), 100);
  expect(cutText).toBe(`${'x'.repeat(100)}… (1048576 characters)`);
  expect(block('\u202e'.repeat(1024 * 1024), 100).length).toBeLessThan(200);
});

test('harmless text stays as it is, in any script', () => {
  for (const text of ['naïve café', '日本語', 'עברית', '👩‍👩‍👧', '', 'a'.repeat(1000)])
    expect(oneLine(text)).toBe(text);
});

test('a cut never halves a character', () => {
  expect(cut('ab😀c', 4)).toBe('ab…');
  expect(cut('abc', 3)).toBe('abc');
  expect(cut('abcd', 3)).toBe('ab…');
  expect(cut('abcd', 0)).toBe('');
});
