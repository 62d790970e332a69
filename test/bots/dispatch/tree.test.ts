import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { ArgSpec, Catalogue, CommandSpec } from '../../../contracts/catalogue.ts';
import { askOf, leafAt } from '../../../bots/dispatch/ask.ts';
import {
  commandTree,
  sizeOf,
  TREE_LIMITS,
  type CommandTree,
  type Leaf,
} from '../../../bots/dispatch/tree.ts';
import { argSpec, catalogueWith, runbookSpec } from '../catalogue.ts';

const below = (tree: CommandTree): Leaf[] => [
  ...[tree, ...tree.more].flatMap(({ leaves, groups }) => [
    ...leaves,
    ...groups.flatMap((group) => group.leaves),
  ]),
];
const unique = (names: readonly string[]): boolean => new Set(names).size === names.length;

/** Everything Discord refuses a registration for. */
function expectWithinLimits(tree: CommandTree): void {
  const roots = [tree, ...tree.more];
  expect(tree.own.length + roots.length).toBeLessThanOrEqual(100);
  expect(unique([...roots, ...tree.own].map(({ name }) => name))).toBe(true);
  for (const root of roots) {
    expect(root.leaves.length + root.groups.length).toBeLessThanOrEqual(25);
    expect(unique([...root.leaves, ...root.groups].map(({ name }) => name))).toBe(true);
    const inside = [...root.leaves, ...root.groups.flatMap(({ leaves }) => leaves)];
    const groups = root.groups.reduce((sum, g) => sum + g.name.length + g.description.length, 0);
    // With the name and the longest description of the root itself.
    const own = groups + root.name.length + 100;
    expect(inside.reduce((sum, leaf) => sum + sizeOf(leaf), own)).toBeLessThanOrEqual(8000);
  }
  for (const group of roots.flatMap((root) => root.groups)) {
    expect(group.leaves.length).toBeLessThanOrEqual(25);
    expect(unique(group.leaves.map(({ name }) => name))).toBe(true);
    expect(group.name).toMatch(/^[-_\p{Ll}\p{Lo}\p{N}]{1,32}$/u);
  }
  for (const leaf of [...below(tree), ...tree.own]) {
    expect(leaf.name).toMatch(/^[-_\p{Ll}\p{Lo}\p{N}]{1,32}$/u);
    expect(leaf.description).toMatch(/^[\s\S]{1,100}$/);
    expect(leaf.options.length).toBeLessThanOrEqual(25);
    expect(unique(leaf.options.map(({ name }) => name))).toBe(true);
    const optional = leaf.options.findIndex((o) => !o.required);
    if (optional >= 0) expect(leaf.options.slice(optional).some((o) => o.required)).toBe(false);
    for (const option of leaf.options) {
      expect(option.name).toMatch(/^[-_\p{Ll}\p{Lo}\p{N}]{1,32}$/u);
      expect(option.description).toMatch(/^[\s\S]{1,100}$/);
      expect(option.choices?.length ?? 1).toBeLessThanOrEqual(25);
      if (option.choices !== undefined) expect(option.suggest).toBe(false);
    }
  }
}

/** Each command is somewhere once: in the tree, or said to be left out. */
function expectComplete(tree: CommandTree, catalogue: Catalogue): void {
  const shown = [...below(tree), ...tree.own]
    .map(({ command }) => command)
    .filter((c) => c !== 'do' && c !== 'help');
  expect([...shown, ...tree.left].toSorted()).toEqual(catalogue.commands.map(({ name }) => name).toSorted());
}

test('the real catalogue: what people need at once is below /reeve, and everything is somewhere by name', () => {
  const catalogue = catalogueWith();
  const tree = commandTree(catalogue);
  expectWithinLimits(tree);
  expectComplete(tree, catalogue);
  const paths = [
    ...tree.leaves.map(({ name }) => name),
    ...tree.groups.flatMap((g) => g.leaves.map(({ name }) => `${g.name} ${name}`)),
  ];
  for (const path of [
    ...['do', 'help', 'status', 'run', 'deploy', 'rollback', 'promote', 'patch', 'heal', 'halt', 'resume'],
    ...['jobs list', 'jobs logs', 'jobs cancel', 'jobs retry', 'grant list', 'grant approve', 'grant deny'],
    ...['incidents list', 'incidents note', 'drill run', 'schedule list', 'probe list'],
  ])
    expect(paths).toContain(path);
  // Nothing is reached as a line only.
  expect(tree.left).toEqual([]);
  for (const { leaves } of [...tree.groups, ...tree.more]) expect(leaves.length).toBeGreaterThan(0);
});

test('200 runbooks: as many as there is room for under their own names, each of the others by `/reeve run` and `/reeve do`', () => {
  const names = Array.from({ length: 200 }, (_, i) => `runbook-${i}`);
  const catalogue = catalogueWith(
    names.map((name) => runbookSpec(name, [argSpec('env', { type: 'environment' })])),
  );
  const tree = commandTree(catalogue);
  expectWithinLimits(tree);
  expectComplete(tree, catalogue);
  const room = 99 - tree.more.length;
  expect(tree.own.map(({ name }) => name)).toEqual(names.slice(0, room));
  for (const name of names.slice(room)) {
    expect(tree.left).toContain(name);
    expect(leafAt(tree, [name])).toBeUndefined();
    expect(askOf(catalogue, tree, ['reeve', 'run'], { runbook: name, env: 'dev' })).toMatchObject({
      command: 'runbook run',
      args: { runbook: name, env: 'dev' },
    });
    expect(askOf(catalogue, tree, ['reeve', 'do'], { line: `${name} --env dev` })).toMatchObject({
      command: name,
    });
  }
  expect(askOf(catalogue, tree, ['runbook-7'], { env: 'dev', reason: 'r', preauth_grant: 'gr_1' })).toEqual({
    kind: 'command',
    command: 'runbook-7',
    args: { env: 'dev' },
    reason: 'r',
    grant: 'gr_1',
  });
});

const word = fc.stringMatching(/^[a-z][a-z0-9-]{0,40}$/);
const arg: fc.Arbitrary<ArgSpec> = fc
  .record({
    name: fc.stringMatching(/^[a-z][a-z0-9_]{0,40}$/),
    type: fc.constantFrom('string', 'integer', 'boolean', 'enum', 'project', 'list'),
    description: fc.string({ maxLength: 300 }),
    required: fc.boolean(),
    choices: fc.uniqueArray(fc.string({ minLength: 1, maxLength: 120 }), { maxLength: 40 }),
  })
  .map(({ choices, type, ...rest }) =>
    argSpec(rest.name, { ...rest, type, ...(type === 'enum' ? { choices } : {}) }),
  );
const spec: fc.Arbitrary<CommandSpec> = fc
  .record({
    words: fc.array(word, { minLength: 1, maxLength: 3 }),
    summary: fc.string({ maxLength: 300 }),
    kind: fc.constantFrom('read', 'admin', 'privileged'),
    own: fc.boolean(),
    args: fc.uniqueArray(arg, { maxLength: 40, selector: ({ name }) => name }),
    alias: fc.option(word, { nil: undefined }),
  })
  .map(({ words, summary, kind, own, args, alias }) => {
    const { runbook, ...plain } = runbookSpec(own ? (words[0] ?? 'x') : words.join(' '), args);
    return {
      ...plain,
      summary,
      kind,
      aliases: alias === undefined ? [] : [alias],
      ...(own && runbook ? { runbook } : {}),
    };
  });

test('whatever the catalogue is: within every limit, nothing lost, and the same again', () => {
  fc.assert(
    fc.property(fc.array(spec, { maxLength: 120 }), (commands) => {
      const names = new Set<string>();
      // As the door demands: no name is taken twice.
      const fresh = commands.filter(({ name, aliases }) => {
        if ([name, ...aliases].some((one) => names.has(one)) || aliases.includes(name)) return false;
        [name, ...aliases].forEach((one) => names.add(one));
        return name !== 'do' && name !== 'help' && name !== 'more';
      });
      const catalogue: Catalogue = { v: 1, digest: 'd', reeve: '1', commands: fresh };
      const tree = commandTree(catalogue);
      expectWithinLimits(tree);
      expectComplete(tree, catalogue);
      expect(commandTree(catalogue)).toEqual(tree);
    }),
    { numRuns: 60 },
  );
});

test('what is not registered, or not an option, is refused in words', () => {
  const catalogue = catalogueWith();
  const tree = commandTree(catalogue);
  const code = (run: () => unknown): unknown => {
    try {
      return run();
    } catch (error) {
      return (error as { code?: string }).code;
    }
  };
  expect(code(() => askOf(catalogue, tree, ['reeve', 'format-disk'], {}))).toBe('COMMAND_UNKNOWN');
  expect(code(() => askOf(catalogue, tree, ['gone'], {}))).toBe('COMMAND_UNKNOWN');
  expect(code(() => askOf(catalogue, tree, ['reeve', 'deploy'], { colour: 'red' }))).toBe('CHAT_TEXT');
  expect(code(() => askOf(catalogue, tree, ['reeve', 'deploy'], { project: 'a', constructor: 'x' }))).toBe(
    'CHAT_TEXT',
  );
  // What autocomplete or a list of choices did not offer can still arrive.
  expect(code(() => askOf(catalogue, tree, ['reeve', 'jobs', 'list'], { status: 'DONE' }))).toBe('CHAT_TEXT');
  expect(TREE_LIMITS.characters).toBe(8000);
});
