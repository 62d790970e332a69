import { expect, test } from 'vitest';
import { randomHex } from '../daemon/random.ts';

test('ids are as long as asked, lower-case hex, and no two are alike, across many fillings of the page', () => {
  const seen = new Set<string>();
  for (let i = 0; i < 3000; i++) {
    for (const digits of [24, 32, 25]) {
      const id = randomHex(digits);
      expect(id).toMatch(/^[0-9a-f]+$/);
      expect(id).toHaveLength(digits);
      seen.add(id);
    }
  }
  expect(seen.size).toBe(9000);
});

test('no byte of the page is handed out twice, and none before it was filled', () => {
  // Were a part of the page not filled again after its use, runs of zeros would show (by chance: once in 10^13 runs).
  const text = Array.from({ length: 20_000 }, () => randomHex(12)).join('');
  expect(text).not.toMatch(/0{16}/);
});

test('more than a page at once', () => {
  expect(randomHex(9000)).toMatch(/^[0-9a-f]{9000}$/);
  expect(randomHex(0)).toBe('');
});
