import { word } from './args.ts';
import { Faults } from '../platform/faults.ts';
import { readForm } from '../platform/multipart.ts';
import type { Answer, Call } from '../platform/server.ts';
import { SlackError } from './errors.ts';
import type { Args } from './args.ts';
import type { Messages } from './messages.ts';
import type { Modals } from './modals.ts';
import type { RateLimits } from './ratelimit.ts';
import type { SocketMode } from './socket.ts';
import type { Judge } from './validate.ts';
import type { App, Channel, World } from './world.ts';

/** The parts of the platform that methods work with. */
export interface Platform {
  world: World;
  messages: Messages;
  modals: Modals;
  judge: Judge;
  limits: RateLimits;
  socket: SocketMode;
  origin: () => string;
}

export interface Request extends Platform {
  app: App;
  /** The team of the bot token. */
  teamId: string;
  /** The bot's own user. */
  self: string;
  args: Args;
  call: string;
  /** The channel that `args.channel` names; throws `channel_not_found` for what the bot cannot see. */
  channel(): Channel;
}

export interface Method {
  name: string;
  /** Scopes of which the bot needs one. */
  scopes: readonly string[];
  /** Called with the app-level token. */
  appLevel?: true;
  /** Called with an app configuration token. */
  config?: true;
  run(request: Request): object | Promise<object>;
}

/** One call in the record of all calls. */
export interface Logged {
  at: number;
  method: string;
  args: Args;
  /** `ok`, Slack's error, or what happened instead. */
  result: string;
}

/** The Web API. */
export class WebApi {
  readonly faults = new Faults();
  /** Every call, oldest first. */
  readonly calls: Logged[] = [];
  readonly #platform: Platform;
  readonly #methods: ReadonlyMap<string, Method>;

  constructor(platform: Platform, methods: readonly Method[]) {
    this.#platform = platform;
    this.#methods = new Map(methods.map((method) => [method.name, method]));
  }

  async handle(call: Call): Promise<Answer | 'drop'> {
    const name = call.path.replace(/^\/api\//u, '');
    const args = await argsOf(call);
    const fault = this.faults.take({ ...call, path: name });
    if (fault?.kind === 'hold') await fault.until;
    const answer =
      fault?.kind === 'drop'
        ? 'drop'
        : fault?.kind === 'answer'
          ? fault.answer
          : await this.#answer(name, call, args);
    const given = fault?.kind === 'lose-answer' ? 'drop' : fault?.kind === 'lie' ? fault.answer : answer;
    const body = given === 'drop' ? undefined : (given.body as { ok?: boolean; error?: string } | undefined);
    const { token: _token, ...shown } = args;
    this.calls.push({
      at: this.#platform.world.clock.now(),
      method: name,
      args: shown,
      result: given === 'drop' ? 'dropped' : body?.ok === true ? 'ok' : (body?.error ?? String(given.status)),
    });
    this.#platform.world.changes.happened();
    return given;
  }

  async #answer(name: string, call: Call, args: Args): Promise<Answer> {
    try {
      const method = this.#methods.get(name);
      if (method === undefined) throw new SlackError('unknown_method', { req_method: name });
      const { app, teamId } = this.#authorise(call, args, method);
      const key = name === 'chat.postMessage' ? `${app.id} ${word(args['channel'])}` : `${app.id} ${teamId}`;
      const refused = this.#platform.limits.take(name, key);
      if (refused !== undefined) return refused;
      const headers = {
        'x-oauth-scopes': [...app.scopes].join(','),
        'x-accepted-oauth-scopes': method.scopes.join(','),
      };
      if (method.scopes.length > 0 && !method.scopes.some((scope) => app.scopes.has(scope)))
        throw new SlackError('missing_scope', {
          needed: method.scopes.join(','),
          provided: [...app.scopes].join(','),
        });
      const result = await method.run(this.#request(app, teamId, args, name));
      return { status: 200, body: { ok: true, ...result }, headers };
    } catch (error) {
      if (error instanceof SlackError) return { status: 200, body: error.body() };
      throw error;
    }
  }

  #authorise(call: Call, args: Args, method: Method): { app: App; teamId: string } {
    const token = /^Bearer (.+)$/u.exec(call.headers.authorization ?? '')?.[1] ?? args['token'];
    if (typeof token !== 'string' || token === '') throw new SlackError('not_authed');
    for (const app of this.#platform.world.apps.values()) {
      const team = [...app.tokens].find(([, own]) => own === token)?.[0];
      const config = app.configToken === token;
      if (team === undefined && app.appToken !== token && !config) continue;
      const gone = app.revoked.get(token);
      if (gone !== undefined) throw new SlackError(gone);
      const wanted = method.config === true ? 'config' : method.appLevel === true ? 'app' : 'bot';
      const given = config ? 'config' : team === undefined ? 'app' : 'bot';
      if (wanted !== given && method.name !== 'auth.test') throw new SlackError('not_allowed_token_type');
      return { app, teamId: team ?? '' };
    }
    throw new SlackError('invalid_auth');
  }

  #request(app: App, teamId: string, args: Args, call: string): Request {
    const { world } = this.#platform;
    const self = app.botUsers.get(teamId) ?? '';
    return {
      ...this.#platform,
      app,
      teamId,
      self,
      args,
      call,
      channel: () => {
        const id = word(args['channel']);
        const user = world.users.get(id);
        if (user?.teamId === teamId) return world.direct(self, id);
        const channel = world.channels.get(id);
        const hidden = channel?.kind !== 'public' && channel?.members.has(self) !== true;
        if (channel?.teamId !== teamId || hidden) throw new SlackError('channel_not_found');
        return channel;
      },
    };
  }
}

/** JSON, url-encoded or multipart; what is JSON inside of a form is read. */
async function argsOf(call: Call): Promise<Args> {
  const query = Object.fromEntries(call.query);
  if (call.body.length === 0) return query;
  const type = call.headers['content-type'] ?? '';
  if (type.startsWith('application/json')) return { ...query, ...(JSON.parse(call.body.toString()) as Args) };
  if (!/^(application\/x-www-form-urlencoded|multipart\/form-data)/u.test(type)) return query;
  const { fields } = await readForm(call);
  return {
    ...query,
    ...Object.fromEntries(Object.entries(fields).map(([key, value]) => [key, inner(key, value)])),
  };
}

const STRUCTURED = new Set(['blocks', 'attachments', 'view', 'files', 'metadata', 'manifest']);

function inner(key: string, value: string): unknown {
  if (!STRUCTURED.has(key)) return value;
  try {
    return JSON.parse(value);
  } catch {
    return value;
  }
}
