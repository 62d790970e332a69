import {
  ComponentAssertions,
  EmbedAssertions,
  ModalAssertions,
  Routes,
  SlashCommandAssertions,
  TextInputAssertions,
} from 'discord.js';
import { expect, test } from 'vitest';
import { commandProblems } from './discord/command-limits.ts';
import { scene } from './discord/harness.ts';
import { messageProblems, modalProblems } from './discord/limits.ts';

const x = (length: number): string => 'x'.repeat(length);
const command = (more: object): object => ({ name: 'c', description: 'd', ...more });
const row = (...components: object[]): object => ({ components: [{ type: 1, components }] });
const button = (more: object): object => row({ type: 2, style: 1, label: 'b', custom_id: 'b', ...more });
const modal = (more: object): Record<string, unknown> => ({
  title: 't',
  custom_id: 'm',
  components: [{ type: 18, label: 'l', component: { type: 4, custom_id: 'i', style: 1 } }],
  ...more,
});
const message = (body: object): number => messageProblems(body as Record<string, unknown>).length;
const commands = (body: object): number => commandProblems([body as Record<string, unknown>]).length;
const modals = (more: object): number => modalProblems(modal(more)).length;
const option = (more: object): object => ({ type: 3, name: 'o', description: 'd', ...more });

/** Name, the longest allowed, our verdict (problems) on a length, and the builders' own validator. */
const LIMITS: [string, number, (n: number) => number, ((value: never) => unknown) | undefined][] = [
  ['content', 2_000, (n) => message({ content: x(n) }), undefined],
  [
    'embed title',
    256,
    (n) => message({ embeds: [{ title: x(n) }] }),
    (v) => EmbedAssertions.titlePredicate.parse(v),
  ],
  [
    'embed description',
    4_096,
    (n) => message({ embeds: [{ description: x(n) }] }),
    (v) => EmbedAssertions.descriptionPredicate.parse(v),
  ],
  [
    'embed footer',
    2_048,
    (n) => message({ embeds: [{ footer: { text: x(n) } }] }),
    (v) => EmbedAssertions.footerTextPredicate.parse(v),
  ],
  [
    'field name',
    256,
    (n) => message({ embeds: [{ fields: [{ name: x(n), value: 'v' }] }] }),
    (v) => EmbedAssertions.fieldNamePredicate.parse(v),
  ],
  [
    'field value',
    1_024,
    (n) => message({ embeds: [{ fields: [{ name: 'n', value: x(n) }] }] }),
    (v) => EmbedAssertions.fieldValuePredicate.parse(v),
  ],
  [
    'button label',
    80,
    (n) => message(button({ label: x(n) })),
    (v) => ComponentAssertions.buttonLabelValidator.parse(v),
  ],
  [
    'custom_id',
    100,
    (n) => message(button({ custom_id: x(n) })),
    (v) => ComponentAssertions.customIdValidator.parse(v),
  ],
  [
    'menu placeholder',
    150,
    (n) =>
      message(row({ type: 3, custom_id: 's', placeholder: x(n), options: [{ label: 'l', value: 'v' }] })),
    (v) => ComponentAssertions.placeholderValidator.parse(v),
  ],
  [
    'menu option label',
    100,
    (n) => message(row({ type: 3, custom_id: 's', options: [{ label: x(n), value: 'v' }] })),
    (v) => ComponentAssertions.labelValueDescriptionValidator.parse(v),
  ],
  ['modal title', 45, (n) => modals({ title: x(n) }), (v) => ModalAssertions.titleValidator.parse(v)],
  [
    'text input placeholder',
    100,
    (n) =>
      modals({
        components: [{ type: 18, label: 'l', component: { type: 4, custom_id: 'i', placeholder: x(n) } }],
      }),
    (v) => TextInputAssertions.placeholderValidator.parse(v),
  ],
  [
    'text input value',
    4_000,
    (n) =>
      modals({ components: [{ type: 18, label: 'l', component: { type: 4, custom_id: 'i', value: x(n) } }] }),
    (v) => TextInputAssertions.valueValidator.parse(v),
  ],
  [
    'command name',
    32,
    (n) => commands(command({ name: x(n) })),
    (v) => SlashCommandAssertions.validateName(v),
  ],
  [
    'command description',
    100,
    (n) => commands(command({ description: x(n) })),
    (v) => SlashCommandAssertions.validateDescription(v),
  ],
];

test.each(LIMITS)('%s: %i is the most, and discord.js says so too', (_name, most, problems, theirs) => {
  expect([problems(most), problems(most + 1) > 0]).toEqual([0, true]);
  if (theirs === undefined) return;
  expect(() => theirs(x(most) as never)).not.toThrow();
  expect(() => theirs(x(most + 1) as never)).toThrow();
});

const many = <T>(count: number, make: (index: number) => T): T[] =>
  Array.from({ length: count }, (_, index) => make(index));

/** A command whose names, descriptions and values have `total` characters together. */
function sized(total: number): object {
  const choices: object[] = [];
  for (let left = total - 25 * 3 - 2; left > 0; left -= 101)
    choices.push({ name: x(Math.min(100, left - 1)), value: 'v' });
  const options = many(25, (i) =>
    option({
      name: String.fromCharCode(97 + i),
      description: 'ab',
      choices: choices.slice(i * 4, i * 4 + 4),
    }),
  );
  return command({ options });
}

test.each<[string, number, (n: number) => number]>([
  ['embeds', 10, (n) => message({ embeds: many(n, () => ({ title: 'x' })) })],
  ['fields', 25, (n) => message({ embeds: [{ fields: many(n, () => ({ name: 'n', value: 'v' })) }] })],
  [
    'rows',
    5,
    (n) =>
      message({
        components: many(n, (i) => ({
          type: 1,
          components: [{ type: 2, style: 1, label: 'b', custom_id: `${i}` }],
        })),
      }),
  ],
  [
    'buttons in a row',
    5,
    (n) => message(row(...many(n, (i) => ({ type: 2, style: 1, label: 'b', custom_id: `${i}` })))),
  ],
  [
    'menu options',
    25,
    (n) =>
      message(row({ type: 3, custom_id: 's', options: many(n, (i) => ({ label: `${i}`, value: `${i}` })) })),
  ],
  ['command options', 25, (n) => commands(command({ options: many(n, (i) => option({ name: `o${i}` })) }))],
  [
    'choices',
    25,
    (n) =>
      commands(
        command({ options: [option({ choices: many(n, (i) => ({ name: `${i}`, value: `${i}` })) })] }),
      ),
  ],
  [
    'all embed text',
    6_000,
    (n) => message({ embeds: [{ description: x(4_000) }, { description: x(n - 4_000) }] }),
  ],
  ['a whole command', 8_000, (n) => commands(sized(n))],
])('%s: %i is the most', (_name, most, problems) => {
  expect([problems(most), problems(most + 1) > 0]).toEqual([0, true]);
});

test('what cannot be combined', () => {
  expect(
    message(
      row(
        { type: 2, style: 1, label: 'a', custom_id: 'same' },
        { type: 2, style: 1, label: 'b', custom_id: 'same' },
      ),
    ),
  ).toBe(1);
  expect(message({ components: [{ type: 2, style: 1, label: 'a', custom_id: 'a' }] })).toBe(1);
  expect(message({ content: 'x', flags: 1 << 15, components: [] })).toBe(1);
  expect(message({ allowed_mentions: { parse: ['users'], users: ['1'] } })).toBe(1);
  expect(commands(command({ name: 'Reeve' }))).toBe(1);
  expect(commands(command({ options: [option({ name: 'a' }), option({ name: 'b', required: true })] }))).toBe(
    1,
  );
  expect(
    commands(command({ options: [option({ autocomplete: true, choices: [{ name: 'a', value: 'a' }] })] })),
  ).toBe(1);
});

test('a refusal carries Discord’s nested errors, and is remembered', async () => {
  const { discord, client, ops } = await scene(async () => {});
  const body = { content: x(2_001), embeds: [{ title: 'ok' }, { fields: [{ name: '', value: 'v' }] }] };
  const error = await client.rest
    .post(Routes.channelMessages(ops.id), { body })
    .catch((reason: unknown) => reason);
  expect(error).toMatchObject({
    code: 50035,
    status: 400,
    rawError: {
      message: 'Invalid Form Body',
      errors: {
        content: { _errors: [{ code: 'BASE_TYPE_MAX_LENGTH', message: 'Must be 2000 or fewer in length.' }] },
        embeds: { 1: { fields: { 0: { name: { _errors: [{ code: 'BASE_TYPE_REQUIRED' }] } } } } },
      },
    },
  });
  expect(() => discord.refusals.none()).toThrow('refused 1 of our payloads');
  expect(discord.refusals.take()).toHaveLength(1);
  await expect(client.rest.post(Routes.channelMessages(ops.id), { body: {} })).rejects.toMatchObject({
    code: 50006,
  });
});

test('shapes are those of discord-api-types: a wrong type is refused, an unknown field is only remembered', async () => {
  const { discord, client, ops } = await scene(async () => {});
  const send = (body: object): Promise<unknown> => client.rest.post(Routes.channelMessages(ops.id), { body });
  await expect(send({ content: 'x', embeds: [{ title: 'x', color: 'red' }] })).rejects.toMatchObject({
    code: 50035,
  });
  await expect(
    send({
      content: 'x',
      components: [{ type: 1, components: [{ type: 2, style: 9, label: 'x', custom_id: 'x' }] }],
    }),
  ).rejects.toMatchObject({ code: 50035 });
  await send({ content: 'x', contents: 'y' });
  expect(discord.refusals.take().map(({ code, why }) => [code, why.join()])).toEqual([
    ['50035', expect.stringContaining('embeds.0.color')],
    ['50035', expect.stringContaining('components.0.components.0')],
    ['unknown_field', expect.stringContaining('contents')],
  ]);
});
