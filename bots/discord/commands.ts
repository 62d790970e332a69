import { createHash } from 'node:crypto';
import {
  ApplicationCommandOptionType as Type,
  ApplicationCommandType,
  type APIApplicationCommandBasicOption,
  type APIApplicationCommandSubcommandOption,
  type RESTPostAPIChatInputApplicationCommandsJSONBody as ChatInput,
  type RESTPostAPIContextMenuApplicationCommandsJSONBody as Menu,
} from 'discord.js';
import type { CommandTree, Leaf, Option, Root } from '../dispatch/tree.ts';

type Body = ChatInput | Menu;

/** Entries that an app may put into the menu of messages (Discord API docs, "Registering a Command"). */
const MENUS = 15;

/**
 * The tree as Discord takes it: `/reeve`, further roots where it has no room, one command for each runbook that has its own,
 * and an entry in the menu of messages for what can be asked of one.
 */
export function bodiesOf(tree: CommandTree): Body[] {
  return [
    rootBody(tree, 'Run the estate: every command, written down'),
    ...tree.more.map((root) => rootBody(root, 'What had no room below /reeve')),
    ...tree.own.map((leaf) => ({
      name: leaf.name,
      description: leaf.description,
      options: leaf.options.map(option),
    })),
    ...tree.menu.slice(0, MENUS).map(({ name }): Menu => ({ type: ApplicationCommandType.Message, name })),
  ];
}

const rootBody = ({ name, leaves, groups }: Root, description: string): ChatInput => ({
  name,
  description,
  options: [
    ...leaves.map(subcommand),
    ...groups.map((group) => ({
      type: Type.SubcommandGroup as const,
      name: group.name,
      description: group.description,
      options: group.leaves.map(subcommand),
    })),
  ],
});

const subcommand = (leaf: Leaf): APIApplicationCommandSubcommandOption => ({
  type: Type.Subcommand,
  name: leaf.name,
  description: leaf.description,
  options: leaf.options.map(option),
});

function option({
  name,
  description,
  type,
  required,
  choices,
  suggest,
}: Option): APIApplicationCommandBasicOption {
  const base = { name, description, required };
  if (type === 'integer') return { ...base, type: Type.Integer };
  if (type === 'boolean') return { ...base, type: Type.Boolean };
  if (suggest) return { ...base, type: Type.String, autocomplete: true };
  return {
    ...base,
    type: Type.String,
    ...(choices === undefined ? {} : { choices: choices.map((choice) => ({ name: choice, value: choice })) }),
  };
}

/** What is remembered of a registration: Discord hands back bodies in a form of its own, so they cannot be compared. */
export const digestOf = (bodies: readonly Body[], place: string): string =>
  createHash('sha256')
    .update(JSON.stringify([place, bodies]))
    .digest('hex');
