import { expect, test } from 'vitest';
import { scene } from './slack/harness.ts';
import { judgeBlocks, judgeModal } from './slack/limits.ts';

const x = (length: number): string => 'x'.repeat(length);
const plain = (text: string): object => ({ type: 'plain_text', text });
const many = <T>(count: number, make: (index: number) => T): T[] =>
  Array.from({ length: count }, (_, index) => make(index));
const blocks = (...list: object[]): number => {
  const { problems, tooLong } = judgeBlocks(list, 50);
  return problems.length + Number(tooLong);
};
const button = (more: object = {}): object => ({ type: 'button', text: plain('b'), ...more });
const actions = (...elements: object[]): object => ({ type: 'actions', elements });
const section = (text: string): object => ({ type: 'section', text: { type: 'mrkdwn', text } });
const option = (more: object): object => ({ text: plain('o'), value: 'v', ...more });
const menu = (options: object[], more: object = {}): object => ({
  type: 'static_select',
  action_id: 'm',
  options,
  ...more,
});
const modal = (more: object): number =>
  judgeModal({ type: 'modal', title: plain('t'), submit: plain('s'), blocks: [{ type: 'divider' }], ...more })
    .length;

/** Slack's Block Kit reference. */
test.each<[string, number, (n: number) => number]>([
  ['blocks in a message', 50, (n) => blocks(...many(n, () => ({ type: 'divider' })))],
  ['section text', 3_000, (n) => blocks(section(x(n)))],
  ['section fields', 10, (n) => blocks({ type: 'section', fields: many(n, () => plain('f')) })],
  ['text of a field', 2_000, (n) => blocks({ type: 'section', fields: [plain(x(n))] })],
  ['header', 150, (n) => blocks({ type: 'header', text: plain(x(n)) })],
  ['action elements', 25, (n) => blocks(actions(...many(n, (i) => button({ action_id: `${i}` }))))],
  ['context elements', 10, (n) => blocks({ type: 'context', elements: many(n, () => plain('c')) })],
  ['button text', 75, (n) => blocks(actions(button({ text: plain(x(n)) })))],
  ['button value', 2_000, (n) => blocks(actions(button({ value: x(n) })))],
  ['action_id', 255, (n) => blocks(actions(button({ action_id: x(n) })))],
  ['block_id', 255, (n) => blocks({ type: 'divider', block_id: x(n) })],
  ['menu options', 100, (n) => blocks(actions(menu(many(n, (i) => option({ value: `${i}` })))))],
  ['option text', 75, (n) => blocks(actions(menu([option({ text: plain(x(n)) })])))],
  ['option value', 150, (n) => blocks(actions(menu([option({ value: x(n) })])))],
  ['placeholder', 150, (n) => blocks(actions(menu([option({})], { placeholder: plain(x(n)) })))],
  [
    'overflow options',
    5,
    (n) =>
      blocks(
        actions({ type: 'overflow', action_id: 'o', options: many(n, (i) => option({ value: `${i}` })) }),
      ),
  ],
  [
    'all text of a message',
    12_000,
    (n) =>
      blocks(
        section(x(3_000)),
        section(x(3_000)),
        section(x(3_000)),
        section(x(2_999)),
        section(x(n - 11_999)),
      ),
  ],
  ['modal title', 24, (n) => modal({ title: plain(x(n)) })],
  ['modal submit', 24, (n) => modal({ submit: plain(x(n)) })],
  ['private_metadata', 3_000, (n) => modal({ private_metadata: x(n) })],
  ['callback_id', 255, (n) => modal({ callback_id: x(n) })],
  ['blocks in a modal', 100, (n) => modal({ blocks: many(n, () => ({ type: 'divider' })) })],
  [
    'initial_value',
    3_000,
    (n) =>
      modal({
        blocks: [
          {
            type: 'input',
            label: plain('l'),
            element: { type: 'plain_text_input', action_id: 'i', initial_value: x(n) },
          },
        ],
      }),
  ],
  [
    'input label',
    2_000,
    (n) =>
      modal({
        blocks: [
          { type: 'input', label: plain(x(n)), element: { type: 'plain_text_input', action_id: 'i' } },
        ],
      }),
  ],
])('%s: %i is the most', (_name, most, problems) => {
  expect([problems(most), problems(most + 1) > 0]).toEqual([0, true]);
});

test('what cannot be: nothing said, the same id twice, inputs without a submit button', () => {
  expect(blocks(section(''))).toBe(1);
  expect(blocks({ type: 'section' })).toBe(1);
  expect(blocks(actions())).toBe(1);
  expect(blocks({ type: 'divider', block_id: 'a' }, { type: 'divider', block_id: 'a' })).toBe(1);
  expect(blocks(actions(button({ action_id: 'a' }), button({ action_id: 'a' })))).toBe(1);
  const input = { type: 'input', label: plain('l'), element: { type: 'plain_text_input', action_id: 'i' } };
  expect(modal({ blocks: [input], submit: undefined })).toBe(1);
});

test('refusals come with Slack’s words and where it is, and are remembered', async () => {
  const { slack, ops, bolt } = await scene(() => {});
  const post = (args: object): Promise<unknown> =>
    bolt.client.apiCall('chat.postMessage', { channel: ops.id, text: 't', ...args });
  await expect(post({ blocks: [{ type: 'header', text: plain(x(151)) }] })).rejects.toMatchObject({
    data: {
      ok: false,
      error: 'invalid_blocks',
      response_metadata: {
        messages: ['[ERROR] must be less than 151 characters [json-pointer:/blocks/0/text/text]'],
      },
    },
  });
  await expect(post({ blocks: many(5, () => section(x(2_500))) })).rejects.toMatchObject({
    data: { error: 'msg_blocks_too_long' },
  });
  await expect(post({ text: '' })).rejects.toMatchObject({ data: { error: 'no_text' } });
  expect(() => slack.refusals.none()).toThrow('refused 3 of our payloads');
  expect(slack.refusals.take().map(({ code }) => code)).toEqual([
    'invalid_blocks',
    'msg_blocks_too_long',
    'no_text',
  ]);
});

test('an update longer than 4,000 characters is msg_too_long, a post is cut at 40,000', async () => {
  const { slack, ops, ada, bolt } = await scene(() => {});
  const { chat } = bolt.client;
  const { ts } = await chat.postMessage({ channel: ops.id, text: x(40_001) });
  expect(ada.sees(ops)[0]?.text).toHaveLength(40_000);
  await chat.update({ channel: ops.id, ts: ts ?? '', text: x(4_000) });
  await expect(chat.update({ channel: ops.id, ts: ts ?? '', text: x(4_001) })).rejects.toThrow(
    'msg_too_long',
  );
  expect(slack.refusals.take()).toHaveLength(1);
});

test('shapes are those of @slack/types: a wrong type, an unknown field and an unknown block are refused', async () => {
  const { slack, ops, bolt } = await scene(() => {});
  const bad: [object, string][] = [
    [{ type: 'section', text: 'not an object' }, 'blocks/0/text'],
    [{ type: 'section', text: plain('x'), txt: 'y' }, 'txt'],
    [{ type: 'sectoin', text: plain('x') }, 'blocks/0'],
    [actions({ type: 'button', text: { type: 'mrkdwn', text: 'x' } }), 'blocks/0/elements/0/text'],
  ];
  for (const [block] of bad)
    await expect(
      bolt.client.apiCall('chat.postMessage', { channel: ops.id, text: 't', blocks: [block] }),
    ).rejects.toMatchObject({ data: { error: 'invalid_blocks' } });
  const why = slack.refusals.take().map((refusal) => refusal.why.join());
  expect(why).toEqual(bad.map(([, part]) => expect.stringContaining(part)));
});

test('a bad view is invalid_arguments; an acknowledgement that Slack does not take shows as a failure', async () => {
  const { slack, ops, ada, errors } = await scene((bolt) => {
    bolt.command('/reeve', async ({ ack, client, command }) => {
      await ack({ blocks: [{ type: 'header', text: { type: 'plain_text', text: x(151) } }] });
      await client.views.open({
        trigger_id: command.trigger_id,
        view: { type: 'modal', title: { type: 'plain_text', text: x(25) }, blocks: [{ type: 'divider' }] },
      });
    });
  });
  const turn = await ada.slash(ops, '/reeve');
  expect(turn.notice).toBeDefined();
  await slack.until(() => errors.length === 1);
  expect(slack.refusals.take().map(({ call, code }) => [call, code])).toEqual([
    ['ack of slash command', 'invalid_blocks'],
    ['views.open', 'invalid_arguments'],
  ]);
});
