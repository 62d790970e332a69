import { expect, test } from 'vitest';
import { leafAt, suggestAsk } from '../../../bots/dispatch/ask.ts';
import { helpOf, suggestionsOf } from '../../../bots/dispatch/help.ts';
import { commandTree, type Option } from '../../../bots/dispatch/tree.ts';
import { argSpec, catalogueWith, runbookSpec } from '../catalogue.ts';

const colours = Array.from({ length: 40 }, (_, i) => `colour-${i}`);
const catalogue = catalogueWith([
  runbookSpec('paint', [argSpec('colour', { type: 'enum', choices: colours })]),
]);
const tree = commandTree(catalogue);
const option = (path: string[], name: string): Option => {
  const found = leafAt(tree, path)?.options.find((o) => o.name === name);
  if (found === undefined) throw new Error(`no option ${name}`);
  return found;
};

test('help shows what the catalogue of this person has, and one command with its arguments and examples', () => {
  const all = JSON.stringify(helpOf(catalogue, '', 'slack'));
  for (const { name, summary } of catalogue.commands)
    expect(all).toContain(`${name}: ${summary.replaceAll('"', '\\"')}`);
  const one = helpOf(catalogue, 'jobs list', 'slack');
  expect(one.title).toBe('/reeve jobs list');
  expect(JSON.stringify(one.blocks)).toContain('--status');
  // Each platform’s own way, and no example that chat refuses.
  const [discord, slack] = (['discord', 'slack'] as const).map((platform) =>
    JSON.stringify(helpOf(catalogue, 'deploy', platform)),
  );
  expect(discord).toContain('/reeve deploy project:my-project env:prod');
  expect(discord).not.toContain('--');
  expect(slack).toContain('/reeve deploy --project my-project --env prod');
  expect(slack).not.toContain('--force');
  expect(JSON.stringify(helpOf(catalogue, '', 'slack'))).not.toContain('/reeve do');
  const viewer = { ...catalogue, commands: catalogue.commands.filter(({ kind }) => kind === 'read') };
  expect(JSON.stringify(helpOf(viewer, '', 'discord'))).not.toContain('deploy:');
  expect(JSON.stringify(helpOf(viewer, 'deploy', 'discord'))).toContain(
    'There is no command deploy for you.',
  );
});

test('what is typed is completed: names from the catalogue, long lists, and the rest by asking the daemon', () => {
  const line = option(['reeve', 'do'], 'line');
  expect(suggestionsOf(catalogue, line, 'jobs l').map(({ value }) => value)).toEqual(
    expect.arrayContaining(['jobs l', 'jobs list', 'jobs logs']),
  );
  expect(suggestionsOf(catalogue, line, '').length).toBe(25);
  const colour = option(['paint'], 'colour');
  expect(colour).toMatchObject({ suggest: true });
  // What is typed whole is still one to choose.
  expect(suggestionsOf(catalogue, colour, 'colour-3').map(({ value }) => value)).toEqual([
    'colour-3',
    ...colours.slice(30),
  ]);
  expect(suggestAsk(colour, 'x', {})).toBeUndefined();
  expect(suggestAsk(line, 'x', {})).toBeUndefined();
  expect(suggestAsk(option(['reeve', 'deploy'], 'env'), 'pr', { project: 'shop' })).toEqual({
    kind: 'suggest',
    type: 'environment',
    text: 'pr',
    given: { project: 'shop' },
  });
  expect(suggestAsk(option(['reeve', 'deploy'], 'preauth_grant'), '', {})?.type).toBe('grant');
});
