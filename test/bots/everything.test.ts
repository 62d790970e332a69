import { expect, test } from 'vitest';
import { leafAt } from '../../bots/dispatch/ask.ts';
import { helpOf } from '../../bots/dispatch/help.ts';
import { parseLine } from '../../bots/dispatch/line.ts';
import { commandTree, SUGGESTED, TREE_LIMITS, type Leaf } from '../../bots/dispatch/tree.ts';
import { fillView, only } from '../../bots/slack/fill.ts';
import { ownCommands } from '../../bots/slack/manifest.ts';
import { Origin } from '../../bots/slack/form.ts';
import type { CommandSpec } from '../../contracts/catalogue.ts';
import { actions } from '../../daemon/actions/index.ts';
import type { Action } from '../../daemon/ports/actions.ts';
import { judgeModal } from '../standins/slack/limits.ts';
import { openChatRig } from '../chat/rig.ts';
import { argSpec, catalogueWith, runbookSpec } from './catalogue.ts';

/** Commands that chat has not, and why. Whatever is not here has to be there. */
const NOT_IN_CHAT: Readonly<Record<string, string>> = {
  'secret set': 'takes a secret, and chat keeps what is written in it',
  'preauth create-grant': 'shows a grant’s token, which opens what it names',
  'preauth show': 'shows a grant’s token',
  'preauth verify': 'takes a grant’s token',
  'preauth init-keys': 'makes keys on this machine',
  'probe push-url': 'shows an address that whoever knows it can push to',
  'chat setup': 'makes the credential of a bot, on this machine',
  'key enrol': 'enrols a person’s own key: a stolen account must not do that',
};

const catalogue = catalogueWith([
  runbookSpec('greet', [argSpec('env', { type: 'environment' }), argSpec('whom', { required: true })]),
]);
const tree = commandTree(catalogue);
const leaves = new Map<string, { leaf: Leaf; path: string[] }>();
for (const root of [tree, ...tree.more]) {
  for (const leaf of root.leaves) leaves.set(leaf.command, { leaf, path: [root.name, leaf.name] });
  for (const group of root.groups)
    for (const leaf of group.leaves)
      leaves.set(leaf.command, { leaf, path: [root.name, group.name, leaf.name] });
}
for (const leaf of tree.own) leaves.set(leaf.command, { leaf, path: [leaf.name] });

test('every action is in chat, but for those that handle a secret or a key, each with its reason', () => {
  const absent = actions.filter((action: Action) => action.inChat === false).map(({ name }) => name);
  expect(absent.toSorted()).toEqual(Object.keys(NOT_IN_CHAT).toSorted());
  expect(catalogue.commands.map(({ name }) => name)).toEqual([
    ...actions.map(({ name }) => name).filter((name) => !Object.hasOwn(NOT_IN_CHAT, name)),
    'greet',
  ]);
});

test.each(catalogue.commands.map((spec) => [spec.name, spec] as const))(
  '%s: on both platforms, with every argument, what completes it, and help',
  (name, spec) => {
    // Discord: by name, every argument an option.
    const at = leaves.get(name);
    expect(at).toBeDefined();
    expect(leafAt(tree, at?.path ?? [])).toBe(at?.leaf);
    expectArguments(at?.leaf, spec);
    // Slack: as a line, and as a form within Slack's limits.
    const required = spec.args.filter((arg) => arg.required);
    const line = [name, ...required.map((arg) => `--${arg.flag} ${sample(arg)}`)].join(' ');
    expect(parseLine(catalogue, line)).toMatchObject({ kind: 'command', command: name });
    const { leaf } = only(catalogue, name);
    expectArguments(leaf, spec);
    const view = fillView(Origin.parse({ channel: 'C024BE91L' }), leaf);
    expect(judgeModal(view as unknown as Record<string, unknown>)).toEqual([]);
    expect(view.blocks).toHaveLength(1 + leaf.options.length);
    // Help: each argument with what it is; each example is understood.
    const help = helpOf(catalogue, name, 'slack');
    const table = help.blocks.find((block) => block.type === 'table');
    expect(table?.rows.map(([, , about]) => about)).toEqual(spec.args.map(({ description }) => description));
    expect(help.blocks.at(-1)).toMatchObject({ type: 'code' });
  },
);

const sample = ({ type, choices }: CommandSpec['args'][number]): string =>
  choices?.[0] ?? (type === 'integer' ? '3' : type === 'boolean' ? 'true' : 'x1');

function expectArguments(leaf: Leaf | undefined, spec: CommandSpec): void {
  for (const arg of spec.args) {
    const option = leaf?.options.find(
      ({ fills }) => typeof fills === 'object' && fills.arg.name === arg.name,
    );
    expect(option, `${spec.name} --${arg.flag}`).toMatchObject({ required: arg.required });
    const short = arg.choices !== undefined && arg.choices.length <= TREE_LIMITS.choices;
    if (short) expect(option?.choices).toEqual(arg.choices);
    else expect(option?.suggest).toBe(SUGGESTED.has(arg.type));
  }
  if (spec.kind !== 'read') expect(leaf?.options.map(({ fills }) => fills)).toContain('reason');
}

test('runbooks with `command: true` have their own name on both, as many as each platform takes; the rest one step away', () => {
  const names = Array.from({ length: 200 }, (_, n) => `book-${n}`);
  const many = catalogueWith(names.map((name) => runbookSpec(name)));
  const discord = commandTree(many);
  const slack = ownCommands(many);
  // A hundred commands of a guild, 50 of an app, `/reeve` and what had no room in it among them.
  expect(discord.own.length + 1 + discord.more.length).toBe(100);
  expect(slack.own.length + 1).toBe(50);
  expect([...slack.own, ...slack.left].map(({ name }) => name)).toEqual(names);
  for (const name of names) expect(parseLine(many, name)).toMatchObject({ command: name });
});

test('a person is shown what that person may do, and nothing else; what is not shown is refused when it is typed', async () => {
  const rig = await openChatRig();
  const accounts = { ana: '200000000000000001', cleo: '200000000000000003', vic: '200000000000000004' };
  const shown: Record<string, string[]> = {};
  for (const [name, account] of Object.entries(accounts)) {
    const answer = await rig.bot('discord').relay({
      from: {
        ...{ place: '100000000000000001', application: '100000000000000002', account },
        ...{ channel: '100000000000000010', interaction: `90000000000001${account.slice(-4)}` },
      },
      ask: { kind: 'catalogue' },
    });
    shown[name] = answer.kind === 'catalogue' ? answer.catalogue.commands.map((spec) => spec.name) : [];
  }
  const verbs = new Map(catalogue.commands.map(({ name, verb }) => [name, verb]));
  const may = {
    ana: new Set(['view', 'read', 'subscribe', 'publish', 'run', 'deploy', 'approve']),
    cleo: new Set(['view', 'read', 'subscribe', 'approve']),
    vic: new Set(['view', 'read', 'subscribe']),
  };
  for (const [name, allowed] of Object.entries(may)) {
    const all = catalogue.commands.map((spec) => spec.name).filter((command) => command !== 'greet');
    const expected = all.filter((command) => allowed.has(verbs.get(command) ?? ''));
    expect(shown[name], name).toEqual(expected);
  }
  for (const command of ['deploy', 'halt', 'config accept', 'grant approve']) {
    expect(shown['vic']).not.toContain(command);
    const args =
      command === 'config accept'
        ? { mandate: 'schedule:x' }
        : command === 'grant approve'
          ? { request: 'req_00000000' }
          : { project: 'other' };
    const refused = await rig.say(accounts.vic, { kind: 'command', command, args });
    expect(refused.reply.ok, command).toBe(false);
    expect(refused.buttons).toEqual([]);
  }
});
