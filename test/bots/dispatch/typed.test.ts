import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseLine } from '../../../bots/dispatch/line.ts';
import { blocksInChat, typedInChat } from '../../../bots/dispatch/typed.ts';
import { catalogueWith } from '../catalogue.ts';

const catalogue = catalogueWith();
const ID = `req_${'1'.repeat(24)}`;

test.each([
  ['Lift it: reeve resume --project shop', 'Lift it: `/reeve resume project:shop`'],
  ['lifts it with `reeve resume --project shop`.', 'lifts it with `/reeve resume project:shop`.'],
  [
    `An approver runs: \`reeve grant approve ${ID}\``,
    `An approver runs: \`/reeve grant approve request:${ID}\``,
  ],
  [
    'Take it on: reeve incidents ack inc_1f2e3d4c. When it is over: reeve incidents resolve inc_1f2e3d4c --reason "it is"',
    'Take it on: `/reeve incidents ack incident:inc_1f2e3d4c`. When it is over: `/reeve incidents resolve incident:inc_1f2e3d4c reason:"it is"`',
  ],
  [
    'Look with reeve jobs list or reeve status, please',
    'Look with `/reeve jobs list` or `/reeve status`, please',
  ],
  ['`/reeve jobs list` has them', '`/reeve jobs list` has them'],
  // Words of the sentence are no values.
  ['reeve jobs show has all of it', '`/reeve jobs show` has all of it'],
  ['reeve jobs show says', '`/reeve jobs show` says'],
])('%s', (text, typed) => expect(typedInChat(text, catalogue, { code: true })).toBe(typed));

test('what chat has not stays a command of the terminal, and a confirmation in the line is not made one of chat', () => {
  for (const text of [
    `On the approver's own machine: \`reeve approve ${ID}\``,
    'Store it: reeve secret set discord_token --value -',
    'With a daemon: reeve up. Else: reeve doctor',
    'reeve deploy --project shop --force, in a terminal',
    'cli/reeve status and npx.reeve status',
    'an open ` tick',
  ])
    expect(typedInChat(text, catalogue, { code: true }).replaceAll('`/reeve deploy`', 'reeve deploy')).toBe(
      text,
    );
});

test('alerts name commands in plain text; tables, fields and code stay as they are', () => {
  const code = { type: 'code' as const, language: 'sh', text: 'reeve status' };
  expect(
    blocksInChat(
      [{ type: 'text', text: 'It failed.\nWhat it said: reeve jobs logs job_0000000a' }, code],
      catalogue,
    ),
  ).toEqual([{ type: 'text', text: 'It failed.\nWhat it said: /reeve jobs logs job:job_0000000a' }, code]);
});

test('whatever stands in a text: nothing but commands is changed, and what is written in chat is understood there', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), (text) => {
      fc.pre(!/reeve [a-z]/u.test(text));
      expect(typedInChat(text, catalogue, { code: true })).toBe(text);
    }),
  );
  for (const { examples } of catalogue.commands)
    for (const example of examples) {
      const typed = typedInChat(`\`reeve ${example}\``, catalogue, { code: true }).replaceAll('`', '');
      if (!typed.startsWith('/')) continue;
      expect(parseLine(catalogue, typed)).toEqual(parseLine(catalogue, example));
    }
});
