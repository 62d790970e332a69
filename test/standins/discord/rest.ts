import { Faults } from '../platform/faults.ts';
import { readForm, type UploadedFile } from '../platform/multipart.ts';
import type { Answer, Call } from '../platform/server.ts';
import { ApiError, notFound, unauthorized, unknownChannel } from './errors.ts';
import type { Gateway } from './gateway.ts';
import type { Interactions } from './interactions.ts';
import type { Body, Draft, Messages } from './messages.ts';
import type { RateLimits } from './ratelimit.ts';
import type { Sent } from './types.ts';
import type { Judge } from './validate.ts';
import type { App, Channel, World } from './world.ts';

/** The parts of the platform that routes work with. */
export interface Platform {
  world: World;
  gateway: Gateway;
  interactions: Interactions;
  messages: Messages;
  judge: Judge;
  limits: RateLimits;
  origin: () => string;
}

export interface Request extends Platform {
  /** The bot that calls; on interaction endpoints, which need no token, undefined. */
  app: App;
  params: Record<string, string>;
  query: URLSearchParams;
  body: Body;
  files: UploadedFile[];
  call: string;
  channel(): Channel;
  draft(type: keyof Sent): Draft;
}

export interface Route {
  method: string;
  /** `/channels/:channel/messages`; the first parameter is the major one. */
  path: string;
  /** No bot token needed. */
  open?: true;
  /** What goes back: undefined is 204. */
  run(request: Request): object | undefined | Answer | Promise<object | undefined | Answer>;
}

/** One call in the record of all calls. */
export interface Logged {
  at: number;
  method: string;
  path: string;
  status: number | 'dropped';
}

/** REST v10. */
export class Rest {
  readonly faults = new Faults();
  /** Every call, oldest first. */
  readonly calls: Logged[] = [];
  readonly #platform: Platform;
  readonly #routes: readonly { route: Route; pattern: RegExp; bucket: string }[];

  constructor(platform: Platform, routes: readonly Route[]) {
    this.#platform = platform;
    this.#routes = routes.map((route) => ({
      route,
      pattern: new RegExp(`^${route.path.replace(/:(\w+)/gu, '(?<$1>[^/]+)')}$`, 'u'),
      bucket: `${route.method} ${route.path.replace(/:\w+/gu, ':id')}`,
    }));
  }

  async handle(call: Call): Promise<Answer | 'drop'> {
    const path = call.path.replace(/^\/api(\/v\d+)?/u, '');
    const inner = { ...call, path };
    const fault = this.faults.take(inner);
    if (fault?.kind === 'hold') await fault.until;
    const answer =
      fault?.kind === 'drop' ? 'drop' : fault?.kind === 'answer' ? fault.answer : await this.#answer(inner);
    const given = fault?.kind === 'lose-answer' ? 'drop' : fault?.kind === 'lie' ? fault.answer : answer;
    this.calls.push({
      at: this.#platform.world.clock.now(),
      method: call.method,
      path,
      status: given === 'drop' ? 'dropped' : given.status,
    });
    this.#platform.world.changes.happened();
    return given;
  }

  async #answer(call: Call): Promise<Answer> {
    const file = this.#platform.world.files.get(call.path);
    if (file !== undefined && call.method === 'GET')
      return { status: 200, body: file.bytes, headers: { 'content-type': file.type } };
    let headers: Record<string, string> = {};
    try {
      const found = this.#routes.find(
        ({ route, pattern }) => route.method === call.method && pattern.test(call.path),
      );
      if (found === undefined) throw notFound();
      const app = this.#authorise(call, found.route);
      const params = found.pattern.exec(call.path)?.groups ?? {};
      // The id of a channel, guild or webhook; of a webhook its token, too (Discord API docs, "Rate Limits").
      const [first = '', second = ''] = Object.values(params);
      const major = found.bucket.includes(' /webhooks/:id/:id') ? `${first}/${second}` : first;
      const taken = this.#platform.limits.take(app?.id ?? major, found.bucket, major);
      if ('refused' in taken) return taken.refused;
      ({ headers } = taken);
      const result = await found.route.run(await this.#request(call, params, app));
      if (result === undefined) return { status: 204, headers };
      if ('status' in result && typeof result.status === 'number') return { ...result, headers };
      return { status: 200, body: result, headers };
    } catch (error) {
      if (error instanceof ApiError) return { status: error.status, body: error.body(), headers };
      throw error;
    }
  }

  #authorise(call: Call, route: Route): App | undefined {
    const { apps } = this.#platform.world;
    const token = /^Bot (.+)$/u.exec(call.headers.authorization ?? '')?.[1];
    const app = [...apps.values()].find((one) => one.token === token && !one.revoked);
    if (app === undefined && route.open !== true) throw unauthorized();
    return app;
  }

  async #request(call: Call, params: Record<string, string>, app: App | undefined): Promise<Request> {
    const { body, files } = await bodyOf(call);
    const name = `${call.method} ${call.path}`;
    const { world } = this.#platform;
    return {
      ...this.#platform,
      app: app as App,
      params,
      query: call.query,
      body,
      files,
      call: name,
      channel: () => {
        const channel = world.channels.get(params['channel'] ?? '');
        if (channel === undefined) throw unknownChannel();
        return channel;
      },
      draft: (type) => ({ call: name, type, body, files }),
    };
  }
}

async function bodyOf(call: Call): Promise<{ body: Body; files: UploadedFile[] }> {
  if (call.body.length === 0) return { body: {}, files: [] };
  try {
    if (!(call.headers['content-type'] ?? '').startsWith('multipart/form-data'))
      return { body: JSON.parse(call.body.toString()) as Body, files: [] };
    const { fields, files } = await readForm(call);
    const { payload_json: payload, ...others } = fields;
    return { body: payload === undefined ? others : (JSON.parse(payload) as Body), files };
  } catch {
    throw new ApiError(400, 50109, 'The request body contains invalid JSON.');
  }
}
