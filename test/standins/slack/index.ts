import { randomBytes } from 'node:crypto';
import { Changes } from '../platform/changes.ts';
import { PlatformClock } from '../platform/clock.ts';
import { readForm } from '../platform/multipart.ts';
import { Refusals } from '../platform/refusals.ts';
import { PlatformServer, type Answer, type Call } from '../platform/server.ts';
import type { Activity, Kind } from './activity.ts';
import { Delivery } from './delivery.ts';
import { Events } from './events.ts';
import { Hooks } from './hooks.ts';
import { Messages } from './messages.ts';
import { methods } from './methods/index.ts';
import { Modals } from './modals.ts';
import { Person } from './person.ts';
import { RateLimits } from './ratelimit.ts';
import { SlackError } from './errors.ts';
import { SocketMode } from './socket.ts';
import { say } from './elements.ts';
import { Judge } from './validate.ts';
import { WebApi } from './web.ts';
import { contentOf, World, type App, type Channel, type Message, type Team } from './world.ts';

/** What an app is installed with, unless a test says otherwise. */
const SCOPES = [
  'commands',
  'chat:write',
  'channels:read',
  'groups:read',
  'im:read',
  'im:write',
  'channels:history',
  'users:read',
  'files:write',
  'files:read',
  'reactions:write',
  'reactions:read',
  'pins:write',
  'team:read',
];

/** Slack on a port of 127.0.0.1: Web API, Socket Mode, signed HTTP requests, response_urls, and people who use it. */
export class SlackStandin {
  readonly clock = new PlatformClock();
  readonly changes = new Changes();
  readonly world = new World(this.clock, this.changes);
  readonly refusals = new Refusals();
  readonly activities: Activity[] = [];
  readonly #judge = new Judge(this.world, this.refusals);
  readonly socket = new SocketMode(this.world);
  readonly messages = new Messages(this.world, this.#judge);
  readonly modals = new Modals(this.world, this.#judge, () => this.activities);
  readonly hooks = new Hooks(this.world, this.messages, () => this.activities);
  readonly delivery = new Delivery(this.world, this.socket);
  readonly events = new Events(this.world, this.delivery);
  readonly limits = new RateLimits(this.clock);
  readonly web = new WebApi(
    {
      world: this.world,
      messages: this.messages,
      modals: this.modals,
      judge: this.#judge,
      limits: this.limits,
      socket: this.socket,
      origin: () => this.origin,
    },
    methods,
  );
  readonly #server = new PlatformServer({
    call: (call) => this.#route(call),
    upgrade: (request, socket, head) => this.socket.upgrade(request, socket, head),
  });

  constructor() {
    this.delivery.acted = (activity, body) => this.#acted(activity, body);
    this.messages.told = (kind, message) => this.events.told(kind, message);
  }

  get origin(): string {
    return `http://127.0.0.1:${this.#server.port}`;
  }

  /** For Bolt: `clientOptions: { slackApiUrl }`. */
  get api(): string {
    return `${this.origin}/api/`;
  }

  async start(): Promise<this> {
    await this.#server.listen();
    return this;
  }

  /** The whole platform is gone: connections are cut, the port refuses. What there was stays. */
  async goDown(): Promise<void> {
    this.socket.drop();
    await this.#server.close();
  }

  /** It is back, on the same port. */
  async comeBack(): Promise<void> {
    await this.#server.listen();
  }

  async close(): Promise<void> {
    this.clock.stop();
    this.socket.close();
    await this.#server.close();
  }

  addTeam(name: string): Team {
    const team = { id: this.world.id('T'), name, domain: name.toLowerCase() };
    this.world.teams.set(team.id, team);
    return team;
  }

  addChannel(team: Team, name: string, kind: 'public' | 'private' = 'public'): Channel {
    return this.world.addChannel({ teamId: team.id, name, kind, members: new Set() });
  }

  /** A member of a team, in these channels. */
  addMember(team: Team, name: string, channels: readonly Channel[] = [], { bot = false } = {}): Person {
    const id = this.world.id('U');
    this.world.users.set(id, {
      id,
      teamId: team.id,
      name,
      realName: name,
      isBot: bot,
      deleted: false,
      isAdmin: false,
    });
    for (const channel of channels) channel.members.add(id);
    return new Person(this, id);
  }

  addApp(name = 'reeve', { commands = ['/reeve'], events = [] as string[] } = {}): App {
    const id = this.world.id('A');
    const app: App = {
      id,
      name,
      botId: this.world.id('B'),
      botUsers: new Map(),
      tokens: new Map(),
      appToken: `xapp-1-${id}-${randomBytes(6).toString('hex')}-${randomBytes(32).toString('hex')}`,
      signingSecret: randomBytes(16).toString('hex'),
      verification: randomBytes(12).toString('hex'),
      scopes: new Set(SCOPES),
      appScopes: new Set(['connections:write']),
      configToken: `xoxe.xoxp-1-${randomBytes(24).toString('hex')}`,
      revoked: new Map(),
      commands: new Set(commands),
      events: new Set(events),
    };
    this.world.apps.set(id, app);
    return app;
  }

  /** Installs an app in a team, its bot in these channels; resolves its bot token. */
  install(app: App, team: Team, channels: readonly Channel[] = []): string {
    const bot = this.addMember(team, app.name, channels, { bot: true });
    app.botUsers.set(team.id, bot.id);
    const token = `xoxb-${team.id}-${bot.id}-${randomBytes(12).toString('hex')}`;
    app.tokens.set(team.id, token);
    return token;
  }

  /** What a person does after the manifest asked for other scopes: agrees, and the app has them. */
  reinstall(app: App): void {
    const { scopes } = app.manifest?.oauth_config ?? {};
    app.scopes = new Set(scopes?.bot);
  }

  /** From now on the token is answered with this; the app token's sockets are closed. */
  revokeToken(
    app: App,
    token: string,
    error: 'token_revoked' | 'invalid_auth' | 'account_inactive' = 'token_revoked',
  ): void {
    app.revoked.set(token, error);
    if (token === app.appToken) this.socket.evict(app);
  }

  begin(kind: Kind, app: App, userId: string, more: Partial<Activity>): Activity {
    const id = this.world.id('X');
    const activity: Activity = {
      id,
      kind,
      app,
      userId,
      createdAt: this.clock.now(),
      began: this.clock.mark(),
      state: 'waiting',
      lateAcks: 0,
      responses: [],
      triggerId: `${this.activities.length + 1}.${id}.${randomBytes(16).toString('hex')}`,
      triggerUsed: false,
      responseUrl: `${this.origin}/hooks/${app.id}/${id}/${randomBytes(12).toString('hex')}`,
      responseUrlUses: 0,
      ...more,
    };
    this.activities.push(activity);
    return activity;
  }

  personSays(userId: string, channel: Channel, text: string, thread?: Message): Message {
    return this.messages.post({
      ts: this.world.ts(),
      channelId: channel.id,
      userId,
      text,
      blocks: [],
      attachments: [],
      files: [],
      history: [],
      reactions: new Map(),
      pinned: false,
      pings: {
        channel: /<!(channel|here|everyone)/u.test(text),
        users: [...text.matchAll(/<@(\w+)>/gu)].map(([, id]) => id as string),
      },
      ...(thread === undefined ? {} : { threadTs: thread.threadTs ?? thread.ts }),
    });
  }

  personEdits(message: Message, text: string): Message {
    message.history.push({ ...contentOf(message), until: this.clock.now() });
    Object.assign(message, { text, editedAt: this.clock.now() });
    this.events.told('message_changed', message);
    this.changes.happened();
    return message;
  }

  /** Waits for something to be true of the world. */
  until<T>(look: () => T | undefined | null | false, what?: string): Promise<T> {
    return this.changes.until(look, what);
  }

  async #route(call: Call): Promise<Answer | 'drop'> {
    if (call.path.startsWith('/hooks/')) return this.hooks.handle(call, this.origin);
    if (call.path.startsWith('/upload/v1/')) return this.#upload(call);
    return this.web.handle(call);
  }

  async #upload(call: Call): Promise<Answer> {
    const file = this.world.files.get(call.path.slice('/upload/v1/'.length));
    if (file === undefined || file.bytes !== undefined) return { status: 404, body: 'not found' };
    const form = (call.headers['content-type'] ?? '').startsWith('multipart/');
    const bytes = form ? (await readForm(call)).files[0]?.bytes : call.body;
    // What Slack answers to a file of another length than announced is not published.
    if (bytes?.length !== file.length) return { status: 400, body: `length is not ${file.length}` };
    file.bytes = bytes;
    return { status: 200, body: `OK - ${bytes.length}` };
  }

  /** What the body of an acknowledgement does. */
  #acted(activity: Activity, body: Record<string, unknown>): void {
    try {
      if (activity.kind === 'slash_commands' && Object.keys(body).length > 0)
        this.hooks.respond(activity, body, 'ack of slash command');
      if (activity.kind === 'view_submission' && activity.on !== undefined)
        this.modals.submitted(activity, activity.on, body);
      if (activity.kind === 'block_suggestion') activity.options = this.#options(body);
    } catch (error) {
      // A body that Slack does not take shows as a failure to the person.
      if (!(error instanceof SlackError)) throw error;
      activity.state = 'failed';
    }
  }

  #options(body: Record<string, unknown>): { text: string; value: string }[] {
    const groups = (body['option_groups'] ?? []) as { options: Record<string, unknown>[] }[];
    const options = [
      ...((body['options'] ?? []) as Record<string, unknown>[]),
      ...groups.flatMap((group) => group.options),
    ];
    const long = options.filter(
      (one) => (say(one['text'])?.length ?? 0) > 75 || String(one['value']).length > 150,
    );
    if (options.length > 100 || long.length > 0)
      this.#judge.refuse('ack of block_suggestion', body, new SlackError('invalid_options'), [
        `${options.length} options, ${long.length} too long`,
      ]);
    return options.map((one) => ({ text: say(one['text']) ?? '', value: String(one['value']) }));
  }
}

/** A running stand-in; the caller closes it. */
export function startSlack(): Promise<SlackStandin> {
  return new SlackStandin().start();
}
