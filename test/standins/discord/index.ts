import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { ChannelType, PermissionFlagsBits as P } from 'discord-api-types/v10';
import { Changes } from '../platform/changes.ts';
import { PlatformClock } from '../platform/clock.ts';
import { Refusals } from '../platform/refusals.ts';
import { PlatformServer } from '../platform/server.ts';
import { Endpoint } from './endpoint.ts';
import { Gateway } from './gateway.ts';
import { Interactions, type Interaction } from './interactions.ts';
import { Messages } from './messages.ts';
import { addChannel } from './people.ts';
import { EVERYONE, inChannel } from './permissions.ts';
import { Person } from './person.ts';
import { RateLimits } from './ratelimit.ts';
import { apiMember, guildPermissions } from './render.ts';
import { Rest } from './rest.ts';
import { routes } from './routes/index.ts';
import { Judge } from './validate.ts';
import { contentOf, blankMessage, World, type App, type Channel, type Guild, type Message } from './world.ts';

/** What a bot is given when it is installed, unless a test says otherwise. */
const BOT = EVERYONE | P.ManageMessages | P.ManageThreads;

/** Discord on a port of 127.0.0.1: REST v10, gateway v10, signed HTTP interactions, and people who use it. */
export class DiscordStandin {
  readonly clock = new PlatformClock();
  readonly changes = new Changes();
  readonly world = new World(this.clock, this.changes);
  readonly refusals = new Refusals();
  readonly #judge = new Judge(this.world, this.refusals);
  readonly gateway = new Gateway(this.world, () => this.origin.replace('http', 'ws'));
  readonly messages = new Messages(this.world, this.#judge, () => this.origin);
  readonly interactions = new Interactions(this.world, this.messages, this.#judge);
  readonly limits = new RateLimits(this.clock);
  readonly endpoint = new Endpoint(this.clock, this.interactions);
  readonly rest = new Rest(
    {
      world: this.world,
      gateway: this.gateway,
      interactions: this.interactions,
      messages: this.messages,
      judge: this.#judge,
      limits: this.limits,
      origin: () => this.origin,
    },
    routes,
  );
  readonly #server = new PlatformServer({
    call: (call) => this.rest.handle(call),
    upgrade: (request, socket, head) => this.gateway.upgrade(request, socket, head),
  });

  constructor() {
    this.world.announce = (event, data, { guildId, channelId }) => {
      const channel = this.world.channels.get(channelId ?? '');
      for (const app of this.world.apps.values()) {
        if (channel !== undefined && (inChannel(this.world, channel, app.id) & P.ViewChannel) === 0n)
          continue;
        this.gateway.dispatch(event, data, { ...(guildId && { guildId }), appId: app.id });
      }
    };
  }

  get origin(): string {
    return `http://127.0.0.1:${this.#server.port}`;
  }

  /** For discord.js: `rest: { api }`. */
  get api(): string {
    return `${this.origin}/api`;
  }

  async start(): Promise<this> {
    await this.#server.listen();
    return this;
  }

  /** The whole platform is gone: connections are cut, the port refuses. What there was stays. */
  async goDown(): Promise<void> {
    this.gateway.drop();
    await this.#server.close();
  }

  /** It is back, on the same port. */
  async comeBack(): Promise<void> {
    await this.#server.listen();
  }

  async close(): Promise<void> {
    this.clock.stop();
    this.gateway.close();
    await this.#server.close();
  }

  addApp(name = 'reeve', { privilegedIntents = 0 }: { privilegedIntents?: number } = {}): App {
    const id = this.world.id();
    const keys = generateKeyPairSync('ed25519');
    const user = { id, username: name, global_name: null, discriminator: '0000', avatar: null, bot: true };
    this.world.users.set(id, user);
    const app: App = {
      id,
      name,
      token: [
        Buffer.from(id).toString('base64url'),
        randomBytes(4).toString('base64url'),
        randomBytes(28).toString('base64url'),
      ].join('.'),
      publicKey: keys.publicKey.export({ format: 'der', type: 'spki' }).subarray(-32).toString('hex'),
      privateKey: keys.privateKey.export({ format: 'der', type: 'pkcs8' }),
      commands: new Map(),
      guilds: new Set(),
      privilegedIntents,
      botPublic: false,
      revoked: false,
      creates: new Map(),
    };
    this.world.apps.set(id, app);
    return app;
  }

  addGuild(name: string): Guild {
    const id = this.world.id();
    const owner = this.addUser(`${name}-owner`);
    const guild: Guild = { id, name, ownerId: owner.id, roles: new Map(), members: new Map() };
    guild.roles.set(id, { id, name: '@everyone', permissions: EVERYONE });
    this.world.guilds.set(id, guild);
    this.#join(guild, owner.id);
    return guild;
  }

  addChannel(guild: Guild, name: string): Channel {
    return addChannel(this.world, { type: ChannelType.GuildText, name, guildId: guild.id });
  }

  /** Someone who is in no guild yet. */
  addUser(name: string, { bot = false }: { bot?: boolean } = {}): Person {
    const id = this.world.id();
    const user = {
      id,
      username: name,
      global_name: name,
      discriminator: '0',
      avatar: null,
      ...(bot ? { bot } : {}),
    };
    this.world.users.set(id, user);
    return new Person(this, id);
  }

  /** A person in a guild; the same person may join more guilds. */
  addMember(guild: Guild, who: string | Person, permissions = 0n): Person {
    const person = typeof who === 'string' ? this.addUser(who) : who;
    this.#join(guild, person.id, permissions);
    return person;
  }

  /** Installs an app's bot in a guild. */
  install(app: App, guild: Guild, permissions: bigint = BOT): void {
    app.guilds.add(guild.id);
    this.#join(guild, app.id, permissions);
  }

  /** Takes permissions from someone in one channel (`guild.id` as `who`: from everyone). */
  deny(channel: Channel, who: string, permissions: bigint): void {
    const kind = who === channel.guildId ? 'role' : 'member';
    channel.overwrites.set(who, { kind, allow: 0n, deny: permissions });
  }

  /** A new token would be needed: REST answers 401, the gateway closes with 4004. */
  revokeToken(app: App): void {
    app.revoked = true;
    this.gateway.evict(app);
  }

  /** Hands an interaction to its application. Never rejects: what goes wrong is the person's notice. */
  deliver(interaction: Interaction, payload: object): void {
    const { app, guildId } = interaction;
    if (app.endpoint === undefined)
      this.gateway.dispatch('INTERACTION_CREATE', payload, { appId: app.id, ...(guildId && { guildId }) });
    else void this.endpoint.deliver(app, interaction, payload);
  }

  /** A raw event to an app's gateway sessions: for what no client could cause. */
  inject(app: App, event: string, data: object): void {
    this.gateway.dispatch(event, data, { appId: app.id });
  }

  personSays(userId: string, channel: Channel, content: string): Message {
    const at = { channelId: channel.id, authorId: userId, createdAt: this.clock.now() };
    const users = [...content.matchAll(/<@!?(\d+)>/gu)].map(([, id]) => id as string);
    return this.messages.post(channel, {
      ...blankMessage(this.world.id(), at),
      content,
      pings: { everyone: false, users, roles: [] },
    });
  }

  personEdits(message: Message, content: string): Message {
    message.history.push({ ...contentOf(message), until: this.clock.now() });
    Object.assign(message, { content, editedAt: this.clock.now() });
    this.messages.changed(message);
    return message;
  }

  /** Waits for something to be true of the world. */
  until<T>(look: () => T | undefined | null | false, what?: string): Promise<T> {
    return this.changes.until(look, what);
  }

  #join(guild: Guild, userId: string, permissions = 0n): void {
    const role = { id: this.world.id(), name: `of ${userId}`, permissions };
    const member = { userId, roles: permissions === 0n ? [] : [role.id], joinedAt: this.clock.now() };
    if (permissions !== 0n) guild.roles.set(role.id, role);
    guild.members.set(userId, member);
    this.world.announce(
      'GUILD_MEMBER_ADD',
      { ...apiMember(this.world, member), guild_id: guild.id, permissions: guildPermissions(guild, userId) },
      { guildId: guild.id },
    );
  }
}

/** A running stand-in; the caller closes it. */
export function startDiscord(): Promise<DiscordStandin> {
  return new DiscordStandin().start();
}
