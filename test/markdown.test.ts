import fc from 'fast-check';
import { expect, test } from 'vitest';
import { inMarkdown, plainOf } from '../daemon/markdown.ts';

test('what was put into Markdown is read back as it was, and bold and code leave their words', () => {
  expect(plainOf('**Open**: a\\_b, `reeve status`')).toBe('Open: a_b, reeve status');
  fc.assert(
    fc.property(fc.stringMatching(/^[ -~]{0,60}$/), (text) => {
      expect(plainOf(`**${inMarkdown(text)}**`)).toBe(text);
    }),
  );
});
