import {
  ComponentType as T,
  InteractionType as I,
  type APIApplicationCommandOptionChoice,
} from 'discord-api-types/v10';
import type { DiscordStandin } from './index.ts';
import type { Interaction } from './interactions.ts';
import { walk } from './limits.ts';
import { directChannel, openThread } from './people.ts';
import { commandData, envelope, menuData, PersonCannot, registered, type Value } from './payload.ts';
import { inChannel } from './permissions.ts';
import { Turn } from './turn.ts';
import type { App, Channel, Message } from './world.ts';

type Component = Record<string, unknown>;

export interface Doing {
  /** The application that is meant; by default the only one. */
  app?: App;
  /** Off: returns at once, not with the first response. */
  wait?: boolean;
  /** Sends what a well-behaved client would not: unknown options, a disabled or vanished button. */
  unchecked?: boolean;
}

/** A member (or stranger) in front of a Discord client. */
export class Person {
  readonly id: string;
  readonly #discord: DiscordStandin;

  constructor(discord: DiscordStandin, id: string) {
    this.#discord = discord;
    this.id = id;
  }

  /** `slash(ops, '/reeve deploy', { project: 'shop' })`. */
  slash(
    channel: Channel,
    words: string,
    options: Record<string, Value> = {},
    doing: Doing = {},
  ): Promise<Turn> {
    const app = this.#app(doing);
    const { world } = this.#discord;
    const data = commandData(world, app, channel.guildId, {
      words,
      options,
      ...(doing.unchecked && { unchecked: true }),
    });
    this.#mayUse(app, channel, words, doing);
    return this.#do(I.ApplicationCommand, channel, data, { ...doing, app });
  }

  /** Chooses an entry in the menu of a message (Apps → …). */
  menu(message: Message, name: string, doing: Doing = {}): Promise<Turn> {
    const app = this.#app(doing);
    if (doing.unchecked !== true && message.deletedAt !== undefined)
      throw new PersonCannot('the message was deleted');
    if (message.ephemeralFor !== undefined) throw new PersonCannot('such a message has no menu of apps');
    const data = menuData(this.#discord.world, app, message, { name, ...doing });
    return this.#do(I.ApplicationCommand, this.#channelOf(message), data, { ...doing, app });
  }

  /** What the client offers while `focused` is being typed; undefined when the application did not say in time. */
  async autocomplete(
    channel: Channel,
    words: string,
    options: Record<string, Value>,
    focused: string,
    doing: Doing = {},
  ): Promise<APIApplicationCommandOptionChoice[] | undefined> {
    const app = this.#app(doing);
    const data = commandData(this.#discord.world, app, channel.guildId, { words, options, focused });
    return (await this.#do(I.ApplicationCommandAutocomplete, channel, data, { ...doing, app })).choices;
  }

  /** Clicks the button with this label or custom_id. */
  click(message: Message, button: string, doing: Doing = {}): Promise<Turn> {
    const found = this.#component(message, button, (one) => one['type'] === T.Button, doing);
    return this.#do(
      I.MessageComponent,
      this.#channelOf(message),
      { component_type: T.Button, custom_id: found['custom_id'], id: found['id'] },
      { ...doing, message },
    );
  }

  /** Chooses in the menu with this placeholder or custom_id. */
  select(message: Message, menu: string, values: string[], doing: Doing = {}): Promise<Turn> {
    const isMenu = (one: Component): boolean =>
      [T.StringSelect, T.UserSelect, T.RoleSelect, T.MentionableSelect, T.ChannelSelect].includes(
        one['type'] as T,
      );
    const found = this.#component(message, menu, isMenu, doing);
    const options = found['options'] as { value: string }[] | undefined;
    if (
      doing.unchecked !== true &&
      options !== undefined &&
      !values.every((value) => options.some((one) => one.value === value))
    )
      throw new PersonCannot(`the menu has no ${values.join(', ')}`);
    return this.#do(
      I.MessageComponent,
      this.#channelOf(message),
      { component_type: found['type'], custom_id: found['custom_id'], id: found['id'], values },
      { ...doing, message },
    );
  }

  /** Fills in the modal that a turn led to, by label or custom_id, and sends it. */
  submit(turn: Turn, fields: Record<string, string | string[]>, doing: Doing = {}): Promise<Turn> {
    const { modal, interaction } = turn;
    if (modal === undefined) throw new PersonCannot('there is no modal');
    const left = new Set(Object.keys(fields));
    const fill = (component: Component, label?: string): Component => {
      const inner = component['component'] as Component | undefined;
      if (inner !== undefined)
        return {
          type: component['type'],
          id: component['id'],
          component: fill(inner, component['label'] as string),
        };
      const row = component['components'] as Component[] | undefined;
      if (row !== undefined)
        return { type: component['type'], id: component['id'], components: row.map((one) => fill(one)) };
      const { type, custom_id: id } = component as { type: T; custom_id: string };
      if (id === undefined) return { type, id: component['id'] };
      const key = [id, label, component['label'] as string].find(
        (name) => name !== undefined && name in fields,
      );
      if (key !== undefined) left.delete(key);
      const value = key === undefined ? ((component['value'] ?? '') as string) : fields[key];
      if (type === T.TextInput && doing.unchecked !== true) checkInput(component, label ?? id, String(value));
      return {
        type,
        id: component['id'],
        custom_id: id,
        ...(Array.isArray(value) ? { values: value } : { value }),
      };
    };
    const components = (modal.components as unknown as Component[]).map((one) => fill(one));
    if (left.size > 0 && doing.unchecked !== true)
      throw new PersonCannot(`the modal has no ${[...left].join(', ')}`);
    const channel = this.#discord.world.channels.get(interaction.channelId) as Channel;
    return this.#do(
      I.ModalSubmit,
      channel,
      { custom_id: modal.custom_id, components },
      {
        ...doing,
        app: interaction.app,
        ...(interaction.message === undefined ? {} : { message: interaction.message }),
      },
    );
  }

  /** Writes a message. */
  say(channel: Channel, content: string): Message {
    return this.#discord.personSays(this.id, channel, content);
  }

  /** Opens a thread below a message. */
  thread(message: Message, name: string): Channel {
    return openThread(this.#discord.world, message, { name, ownerId: this.id });
  }

  /** Changes an own message. */
  edit(message: Message, content: string): Message {
    if (message.authorId !== this.id) throw new PersonCannot('a person edits only what they wrote');
    return this.#discord.personEdits(message, content);
  }

  /** The direct conversation with a bot. */
  dm(doing: Doing = {}): Channel {
    return directChannel(this.#discord.world, this.id, this.#app(doing).id);
  }

  /** Deletes a message, as a moderator may. */
  remove(message: Message): void {
    this.#discord.messages.delete(message);
  }

  /** What this person's client shows of a channel, oldest first. */
  sees(channel: Channel): Message[] {
    return this.#discord.world.messagesIn(channel.id, this.id);
  }

  async #do(type: I, channel: Channel, data: object, doing: Doing & { message?: Message }): Promise<Turn> {
    const { world, interactions } = this.#discord;
    const { message } = doing;
    const app =
      doing.app ??
      (message === undefined ? this.#app(doing) : (world.apps.get(message.authorId) ?? this.#app(doing)));
    const interaction: Interaction = interactions.open({
      app,
      type,
      userId: this.id,
      channelId: channel.id,
      ...(channel.guildId === undefined ? {} : { guildId: channel.guildId }),
      ...(message === undefined ? {} : { message }),
    });
    this.#discord.deliver(interaction, envelope(world, interaction, data));
    const turn = new Turn(interaction, world.changes);
    return doing.wait === false ? turn : turn.answered();
  }

  #app({ app }: Doing): App {
    const [only, ...more] = this.#discord.world.apps.values();
    const meant = app ?? only;
    if (meant === undefined || (app === undefined && more.length > 0)) throw new Error('say which app');
    return meant;
  }

  /** Clients hide what a member may not use here. */
  #mayUse(app: App, channel: Channel, words: string, doing: Doing): void {
    if (doing.unchecked === true) return;
    const command = registered(app, words.replace(/^\//u, '').split(' ')[0] ?? '', channel.guildId);
    const needed = command?.default_member_permissions;
    const has = inChannel(this.#discord.world, channel, this.id);
    if (
      channel.guildId !== undefined &&
      needed !== null &&
      needed !== undefined &&
      (has & BigInt(needed)) !== BigInt(needed)
    )
      throw new PersonCannot(`${words} is not shown to this person`);
    const { contexts } = (command ?? {}) as { contexts?: number[] | null };
    if (contexts && !contexts.includes(channel.guildId === undefined ? 1 : 0))
      throw new PersonCannot(`${words} is not shown here`);
  }

  #channelOf(message: Message): Channel {
    return this.#discord.world.channels.get(message.channelId) as Channel;
  }

  #component(
    message: Message,
    name: string,
    kind: (one: Component) => boolean,
    { unchecked }: Doing,
  ): Component {
    if (unchecked !== true && message.deletedAt !== undefined)
      throw new PersonCannot('the message was deleted');
    if (message.ephemeralFor !== undefined && message.ephemeralFor !== this.id)
      throw new PersonCannot('the message is not shown to this person');
    // Whether Discord's servers stop a click on a button that was disabled a moment ago is not published: a bot has to.
    const versions = unchecked === true ? [message, ...message.history.toReversed()] : [message];
    for (const { components } of versions) {
      for (const [one] of walk(components, [])) {
        if (!kind(one) || ![one['custom_id'], one['label'], one['placeholder']].includes(name)) continue;
        if (one['disabled'] === true && unchecked !== true) throw new PersonCannot(`${name} is disabled`);
        return one;
      }
    }
    throw new PersonCannot(`the message has no ${name}`);
  }
}

function checkInput(input: Component, label: string, value: string): void {
  const {
    required = true,
    min_length: least = 0,
    max_length: most = 4_000,
  } = input as { required?: boolean; min_length?: number; max_length?: number };
  if (required && value === '') throw new PersonCannot(`${label} is required`);
  if (value !== '' && (value.length < least || value.length > most))
    throw new PersonCannot(`${label} is ${least} to ${most} long`);
}
