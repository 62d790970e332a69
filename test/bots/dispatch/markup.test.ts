import fc from 'fast-check';
import { expect, test } from 'vitest';
import { piecesOf } from '../../../bots/dispatch/blocks.ts';
import { discordMarkup } from '../../../bots/dispatch/markup/discord.ts';
import { ZERO_WIDTH } from '../../../bots/dispatch/markup/markup.ts';
import { slackMarkup } from '../../../bots/dispatch/markup/slack.ts';
import { cut, harmless, harmlessLines } from '../../../bots/dispatch/text.ts';

const nasty = fc.array(
  fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.constantFrom(
      ...['@everyone', '@here', '<@1>', '<@&2>', '<#3>', '<!channel>', '<!here>', '<@U123>', '<!subteam^S1>'],
      ...[
        '```',
        '`',
        '**',
        '__',
        '~~',
        '||',
        '> ',
        '# ',
        '- ',
        '1. ',
        '[a](http://b)',
        '<http://a|b>',
        '&lt;',
        '\\',
      ],
      ...['\u202e', '\u2028', '\r\n', '\x1b[31m', '\u200b', ':fire:', '</deploy:1>', '<t:1:R>', '-# small'],
    ),
  ),
  { maxLength: 12 },
);
const CONTROLS = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069]/;

test('attack 51: control characters, ANSI, bidi and line separators stay visible and act on nothing', () => {
  fc.assert(
    fc.property(nasty, (parts) => {
      const text = parts.join('');
      for (const markup of [discordMarkup, slackMarkup])
        for (const shown of [markup.text(text), markup.bold(text), markup.code(text)]) {
          expect(shown).not.toMatch(CONTROLS);
          expect(shown.isWellFormed()).toBe(true);
        }
      for (const line of harmlessLines(text)) expect(line).not.toMatch(/[\n\r]|\u2028/);
    }),
  );
  expect(harmless('a\u202eb\x1b[2J')).toBe('a‹U+202E›b␛[2J');
});

test('attack 52: no text mentions anyone or formats anything, on either platform', () => {
  fc.assert(
    fc.property(nasty, (parts) => {
      const text = parts.join('');
      for (const shown of [
        discordMarkup.text(text),
        discordMarkup.code(text),
        discordMarkup.inFence(harmless(text)),
      ])
        expect(shown).not.toMatch(/@(everyone|here)/);
      const plain = discordMarkup.text(text);
      // Every character that formats stands behind a backslash of its own.
      expect(plain.replace(/\\[\\*_~`|>#<[\]()+.:-]/g, '')).not.toMatch(/[*_~`|><[\]()\\#]/);
      // Nothing is lost: taken back, it is what was said.
      expect(plain.replaceAll(`@${ZERO_WIDTH}`, '@').replace(/\\([\\*_~`|>#<[\]()+.:-])/g, '$1')).toBe(
        harmless(text),
      );

      const slack = slackMarkup.text(text);
      expect(slack).not.toMatch(/[<>]/);
      expect(slack.replace(/&(amp|lt|gt);/g, '')).not.toContain('&');
      expect(slack).not.toMatch(/(?<!\u200b)[*_~`@#]|[*_~`@#](?!\u200b)/);
      expect(
        slack
          .replaceAll(ZERO_WIDTH, '')
          .replaceAll('&lt;', '<')
          .replaceAll('&gt;', '>')
          .replaceAll('&amp;', '&'),
      ).toBe(harmless(text));
      // A block is not ended from within.
      expect(discordMarkup.inFence(harmless(text))).not.toContain('``');
      expect(slackMarkup.inFence(harmless(text))).not.toContain('``');
      expect(slackMarkup.inFence(harmless(text))).not.toMatch(/[<>]/);
    }),
  );
});

test('a cut keeps emoji and right-to-left text whole', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), fc.nat({ max: 40 }), (text, max) => {
      const short = cut(text, max);
      expect(short.length).toBeLessThanOrEqual(max);
      expect(short.isWellFormed()).toBe(true);
      if (text.length <= max) expect(short).toBe(text);
    }),
  );
  expect(discordMarkup.text('שלום 👩‍🚒 مرحبا')).toBe('שלום 👩‍🚒 مرحبا');
});

test('a command in a hint can be copied to the letter, also one with an id in it', () => {
  const hint = (text: string, markup: typeof slackMarkup) =>
    piecesOf({ type: 'hint', text }, markup)[0]?.lines;
  const text = 'Run `reeve approve req_0a1b_2c` on_your machine';
  expect(hint(text, slackMarkup)?.[0]).toContain('`reeve approve req_0a1b_2c`');
  expect(hint(text, discordMarkup)?.[0]).toBe('→ Run `reeve approve req_0a1b_2c` on\\_your machine');
  // A backtick that is never closed opens nothing, and what stands in code calls nobody.
  expect(hint('a ` b', discordMarkup)).toEqual(['→ a \\` b']);
  const nasty = 'x `<!channel> @everyone` y';
  expect(hint(nasty, slackMarkup)?.[0]).not.toMatch(/<!channel>|@everyone/);
  expect(hint(nasty, discordMarkup)?.[0]).not.toContain('@everyone');
});
