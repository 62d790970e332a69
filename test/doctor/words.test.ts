import { expect, test } from 'vitest';
import { all, ago, some } from '../../daemon/doctor/words.ts';

test.each([
  [-5000, 'just now'],
  [0, 'just now'],
  [59_999, 'just now'],
  [60_000, '1 minute ago'],
  [3_599_999, '59 minutes ago'],
  [3_600_000, '1 hour ago'],
  [47 * 3_600_000, '47 hours ago'],
  [48 * 3_600_000, '2 days ago'],
  [31 * 86_400_000, '31 days ago'],
])('%d ms are %s', (ms, said) => expect(ago(ms)).toBe(said));

test('a list is said whole, or how much more of it there is', () => {
  expect([some(['a']), some(['a', 'b'], 2), some(['a', 'b', 'c'], 2)]).toEqual([
    'a',
    'a, b',
    'a, b and 1 more',
  ]);
  expect([all([]), all(['a']), all(['a', 'b']), all(['a', 'b', 'c'])]).toEqual([
    '',
    'a',
    'a and b',
    'a, b and c',
  ]);
});
