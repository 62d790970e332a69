import {
  ApplicationCommandOptionType as O,
  ApplicationCommandType,
  type APIApplicationCommand,
  type APIApplicationCommandOption,
} from 'discord-api-types/v10';
import type { Interaction } from './interactions.ts';
import { ALL, inChannel } from './permissions.ts';
import { apiChannel, apiMember, apiMessage } from './render.ts';
import type { App, Channel, Message, World } from './world.ts';

export type Value = string | number | boolean;
type Body = Record<string, unknown>;

/** What a person's own client would not let them do. */
export class PersonCannot extends Error {}

/** The part of an interaction that is the same for all kinds. */
export function envelope(world: World, interaction: Interaction, data: object): Body {
  const channel = world.channels.get(interaction.channelId) as Channel;
  const guild = world.guilds.get(interaction.guildId ?? '');
  const member = guild?.members.get(interaction.userId);
  const user = world.users.get(interaction.userId);
  return {
    id: interaction.id,
    application_id: interaction.app.id,
    type: interaction.type,
    token: interaction.token,
    version: 1,
    data,
    channel_id: channel.id,
    channel: apiChannel(world, channel),
    locale: 'en-US',
    entitlements: [],
    attachment_size_limit: 10_485_760,
    authorizing_integration_owners: guild === undefined ? {} : { 0: guild.id },
    context: guild === undefined ? 1 : 0,
    app_permissions: (guild === undefined ? ALL : inChannel(world, channel, interaction.app.id)).toString(),
    ...(guild === undefined
      ? { user }
      : {
          guild_id: guild.id,
          guild_locale: 'en-US',
          guild: { id: guild.id, locale: 'en-US', features: [] },
          member: {
            ...(member === undefined ? { user, roles: [], joined_at: null } : apiMember(world, member)),
            permissions: inChannel(world, channel, interaction.userId).toString(),
          },
        }),
    ...(interaction.message === undefined ? {} : { message: apiMessage(world, interaction.message) }),
  };
}

export interface Typed {
  /** `reeve`, `reeve deploy` or `reeve grant request`, with or without the slash. */
  words: string;
  options: Record<string, Value>;
  /** For autocomplete: the option that is being typed. */
  focused?: string;
  /** Sends what was typed even when the command does not know it. */
  unchecked?: boolean;
}

/** The command as it is registered: the guild's own goes before the global one. */
export function registered(
  app: App,
  name: string,
  guildId: string | undefined,
): APIApplicationCommand | undefined {
  const all = [...(app.commands.get(guildId ?? '') ?? []), ...(app.commands.get('global') ?? [])];
  return all.find((command) => command.name === name && command.type === ApplicationCommandType.ChatInput);
}

/** `data` of a chat-input command; throws {@link PersonCannot} for what the person's client would not send. */
export function commandData(world: World, app: App, guildId: string | undefined, typed: Typed): Body {
  const [name = '', ...path] = typed.words.replace(/^\//u, '').split(/\s+/u);
  const command = registered(app, name, guildId);
  if (command === undefined && typed.unchecked !== true)
    throw new PersonCannot(`there is no command /${name}`);
  let known = command?.options ?? [];
  const steps = path.map((word) => {
    const step = known.find((option) => option.name === word);
    if (step === undefined && typed.unchecked !== true) throw new PersonCannot(`/${name} has no ${word}`);
    known = step !== undefined && 'options' in step ? (step.options ?? []) : [];
    return { name: word, type: step?.type ?? O.Subcommand };
  });
  if (typed.unchecked !== true) complete(known, typed);
  const resolved: Record<string, Record<string, unknown>> = {};
  let options: Body[] = Object.entries(typed.options).map(([key, value]) => {
    const type = known.find((option) => option.name === key)?.type ?? guess(value);
    resolve(world, guildId, type, value, resolved);
    return { name: key, type, value, ...(typed.focused === key ? { focused: true } : {}) };
  });
  for (const step of steps.toReversed()) options = [{ ...step, options }];
  return {
    id: command?.id ?? world.id(),
    name,
    type: ApplicationCommandType.ChatInput,
    ...(command?.guild_id === undefined ? {} : { guild_id: command.guild_id }),
    ...(options.length > 0 ? { options } : {}),
    ...(Object.keys(resolved).length > 0 ? { resolved } : {}),
  };
}

/**
 * `data` of an entry in the menu of a message, with that message whole: its text is there whatever the app's intents are
 * (Discord API docs, "Message Content Intent").
 */
export function menuData(
  world: World,
  app: App,
  message: Message,
  { name, unchecked }: { name: string; unchecked?: boolean },
): Body {
  const guildId = world.channels.get(message.channelId)?.guildId;
  const all = [...(app.commands.get(guildId ?? '') ?? []), ...(app.commands.get('global') ?? [])];
  const command = all.find((one) => one.name === name && one.type === ApplicationCommandType.Message);
  if (command === undefined && unchecked !== true) throw new PersonCannot(`the menu has no ${name}`);
  return {
    id: command?.id ?? world.id(),
    name,
    type: ApplicationCommandType.Message,
    ...(command?.guild_id === undefined ? {} : { guild_id: command.guild_id }),
    target_id: message.id,
    resolved: { messages: { [message.id]: apiMessage(world, message) } },
  };
}

/** What the client checks before it sends. Autocomplete restricts nothing: any string goes. */
function complete(known: readonly APIApplicationCommandOption[], { words, options, focused }: Typed): void {
  for (const option of known) {
    const value = options[option.name];
    if (option.type === O.Subcommand || option.type === O.SubcommandGroup)
      throw new PersonCannot(`${words} needs one of its sub-commands`);
    if (value === undefined && option.required === true && focused === undefined)
      throw new PersonCannot(`${words} needs ${option.name}`);
    if (value === undefined || focused !== undefined) continue;
    if (
      'choices' in option &&
      option.choices !== undefined &&
      !option.choices.some((choice) => choice.value === value)
    )
      throw new PersonCannot(`${option.name} is one of ${option.choices.map(({ name }) => name).join(', ')}`);
    const { min_length: least = 0, max_length: most = 6_000 } = option as {
      min_length?: number;
      max_length?: number;
    };
    if (typeof value === 'string' && (value.length < least || value.length > most))
      throw new PersonCannot(`${option.name} is ${least} to ${most} long`);
    const { min_value: low = -Infinity, max_value: high = Infinity } = option as {
      min_value?: number;
      max_value?: number;
    };
    if (typeof value === 'number' && (value < low || value > high))
      throw new PersonCannot(`${option.name} is ${low} to ${high}`);
    if (option.type === O.Integer && !Number.isInteger(value))
      throw new PersonCannot(`${option.name} is an integer`);
    if (option.type === O.Boolean && typeof value !== 'boolean')
      throw new PersonCannot(`${option.name} is true or false`);
  }
  for (const name of Object.keys(options))
    if (!known.some((option) => option.name === name)) throw new PersonCannot(`${words} has no ${name}`);
}

const guess = (value: Value): O =>
  typeof value === 'boolean' ? O.Boolean : typeof value === 'number' ? O.Number : O.String;

function resolve(
  world: World,
  guildId: string | undefined,
  type: O,
  value: Value,
  into: Record<string, Record<string, unknown>>,
): void {
  const id = String(value);
  const put = (kind: string, what: unknown): void => {
    (into[kind] ??= {})[id] = what;
  };
  if (type === O.User || type === O.Mentionable) {
    put('users', world.users.get(id));
    const member = world.guilds.get(guildId ?? '')?.members.get(id);
    if (member !== undefined) {
      const { user: _user, ...partial } = apiMember(world, member);
      put('members', { ...partial, permissions: '0' });
    }
  } else if (type === O.Channel) {
    const channel = world.channels.get(id);
    if (channel !== undefined) put('channels', { ...apiChannel(world, channel), permissions: '0' });
  } else if (type === O.Role) {
    put('roles', world.guilds.get(guildId ?? '')?.roles.get(id));
  }
}
