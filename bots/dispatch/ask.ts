import type { Catalogue } from '../../contracts/catalogue.ts';
import type { ChatAsk } from '../../contracts/chat.ts';
import { fail } from '../../contracts/errors.ts';
import type { JsonObject } from '../../contracts/json.ts';
import { parseLine, type CommandAsk, type Line } from './line.ts';
import { ROOT, type CommandTree, type Leaf, type Option } from './tree.ts';
import { valueOf } from './values.ts';

export type Filled = Readonly<Record<string, string | number | boolean>>;

/** The leaf a typed command names: `['reeve', 'jobs', 'list']`, `['reeve', 'deploy']`, or a runbook's own name. */
export function leafAt(tree: CommandTree, path: readonly string[]): Leaf | undefined {
  const [name, first, second] = path;
  const root = name === ROOT ? tree : tree.more.find((other) => other.name === name);
  if (root === undefined) return tree.own.find((leaf) => leaf.name === name);
  if (second === undefined) return root.leaves.find((leaf) => leaf.name === first);
  return root.groups.find((group) => group.name === first)?.leaves.find((leaf) => leaf.name === second);
}

/** What a filled-in command asks. Throws COMMAND_UNKNOWN for one that is not there (any more), CHAT_TEXT, CHAT_FORCE. */
export function askOf(
  catalogue: Catalogue,
  tree: CommandTree,
  path: readonly string[],
  filled: Filled,
): Line {
  const leaf = leafAt(tree, path);
  if (leaf === undefined)
    throw fail('COMMAND_UNKNOWN', { name: path.join(' ').slice(0, 100), suggestion: 'See `/reeve help`.' });
  const args: JsonObject = {};
  const ask: CommandAsk = { kind: 'command', command: leaf.command, args };
  let topic = '';
  for (const [name, value] of Object.entries(filled)) {
    const option = leaf.options.find((o) => o.name === name);
    if (option === undefined)
      throw fail('CHAT_TEXT', { why: `${leaf.command} has no option ${name.slice(0, 60)}.` });
    const { fills } = option;
    if (fills === 'line') return parseLine(catalogue, String(value));
    if (fills === 'topic') topic = String(value);
    else if (fills === 'reason') ask.reason = String(value);
    else if (fills === 'grant') ask.grant = String(value);
    else args[fills.arg.name] = typeof value === 'string' ? valueOf(fills.arg, value) : value;
  }
  if (leaf.command === 'help') return { kind: 'help', topic };
  if (leaf.command === 'do') return parseLine(catalogue, '');
  return ask;
}

/** What to ask the daemon for the option that is being typed; undefined: the catalogue itself has the answer. */
export function suggestAsk(
  option: Option,
  text: string,
  filled: Filled,
): Extract<ChatAsk, { kind: 'suggest' }> | undefined {
  const { fills } = option;
  if (fills === 'line' || fills === 'topic') return undefined;
  const type = typeof fills === 'string' ? 'grant' : fills.arg.type;
  if (type === 'enum') return undefined;
  return { kind: 'suggest', type, text: text.slice(0, 200), given: { ...filled } };
}
