import { createHash } from 'node:crypto';
import { Faults } from '../platform/faults.ts';
import type { Answer, Call } from '../platform/server.ts';
import type { Access } from './access.ts';
import type { GithubWorld, Repo, User } from './world.ts';

export class ApiError extends Error {
  readonly status: number;
  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}
export const notFound = (): ApiError => new ApiError(404, 'Not Found');

type Body = Record<string, unknown>;
/** A text in a body. */
export const textIn = (body: Body, field: string, other = ''): string => {
  const value = body[field];
  return typeof value === 'string' ? value : other;
};
export interface Request {
  world: GithubWorld;
  /** Throws 404 on a route without a repository. */
  repo: Repo;
  /** Who calls. */
  me: User;
  access: Access;
  params: Record<string, string>;
  query: URLSearchParams;
  body: Body;
  call: Call;
}

export interface Route {
  method: string;
  /** `/repos/:owner/:repo/issues/:number`; `*rest` takes slashes, too. */
  path: string;
  /** Fields of the body that must be there. */
  needs?: readonly string[];
  /** Fields that may be. Others are an error of ours, which GitHub would swallow. */
  takes?: readonly string[];
  open?: true;
  /** Does not count against the limit. */
  free?: true;
  /** An array is paged. */
  run(request: Request): Result;
}
/** An array, or what makes its parts as they are asked for. */
export type Listed = Pick<readonly object[], 'length' | 'slice'>;
export type Result =
  | { status?: number; data: object }
  | { list: Listed; /** Where GitHub wraps lists. */ in?: string }
  | { status: number };

export interface Logged {
  method: string;
  path: string;
  status: number | 'dropped';
  body: Body;
}

const MAX_PAGE = 100;

/** The REST API: faults, who calls, limits, redirects of moved repositories, pages, ETags. */
export class Rest {
  readonly faults = new Faults();
  /** Every call, oldest first. */
  readonly calls: Logged[] = [];
  /** Fields that GitHub does not know, and bodies that lack one. */
  readonly wrong: string[] = [];
  /** Calls that are left, and when there are more, s since the epoch. */
  limit = { limit: 5000, remaining: 5000, reset: Math.floor(Date.now() / 1000) + 3600 };
  readonly #world: GithubWorld;
  readonly #access: Access;
  readonly #origin: () => string;
  readonly #routes: readonly { route: Route; pattern: RegExp }[];

  constructor(world: GithubWorld, access: Access, origin: () => string, routes: readonly Route[]) {
    this.#world = world;
    this.#access = access;
    this.#origin = origin;
    this.#routes = routes.map((route) => ({
      route,
      pattern: new RegExp(
        `^${route.path.replace(/[:*](\w+)/gu, (whole, name: string) => (whole.startsWith('*') ? `(?<${name}>.+)` : `(?<${name}>[^/]+)`))}$`,
        'u',
      ),
    }));
  }

  async handle(call: Call): Promise<Answer | 'drop'> {
    const fault = this.faults.take(call);
    if (fault?.kind === 'hold') await fault.until;
    const answer =
      fault?.kind === 'drop' ? 'drop' : fault?.kind === 'answer' ? fault.answer : this.#answer(call);
    const given = fault?.kind === 'lose-answer' ? 'drop' : fault?.kind === 'lie' ? fault.answer : answer;
    this.calls.push({
      method: call.method,
      path: call.path,
      status: given === 'drop' ? 'dropped' : given.status,
      body: bodyOf(call) ?? {},
    });
    return given;
  }

  #answer(call: Call): Answer {
    try {
      return this.#run(call);
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      return this.#give(error.status, {
        message: error.message,
        documentation_url: 'https://docs.github.com/rest',
      });
    }
  }

  #run(call: Call): Answer {
    const path = this.#byNumber(call.path);
    for (const { route, pattern } of this.#routes) {
      const fits = call.method === route.method ? pattern.exec(path) : null;
      if (fits === null) continue;
      const params = { ...fits.groups };
      const me = route.open === true ? undefined : this.#access.who(call);
      if (this.limit.remaining <= 0 && route.free !== true)
        return this.#give(403, { message: 'API rate limit exceeded for installation ID 1.' });
      const found =
        params['owner'] === undefined ? undefined : this.#world.find(params['owner'], params['repo'] ?? '');
      if (params['owner'] !== undefined && found === undefined) throw notFound();
      if (found?.moved === true) return this.#moved(call, path, found.repo);
      const body = bodyOf(call);
      if (body === undefined) throw new ApiError(400, 'Problems parsing JSON');
      this.#judge(route, body);
      if (route.free !== true) this.limit.remaining -= 1;
      const result = route.run({
        world: this.#world,
        get repo(): Repo {
          if (found === undefined) throw notFound();
          return found.repo;
        },
        get me(): User {
          if (me === undefined) throw new ApiError(401, 'Requires authentication');
          return me;
        },
        access: this.#access,
        params,
        query: call.query,
        body,
        call,
      });
      if ('list' in result) return this.#page(call, result.list, result.in);
      if (!('data' in result)) return this.#give(result.status, undefined);
      return this.#tagged(call, result.status ?? 200, result.data, {});
    }
    throw notFound();
  }

  /** `/repositories/<id>/…`: where GitHub redirects to, and what stays when a repository is renamed. */
  #byNumber(path: string): string {
    const [, id, rest = ''] = /^\/repositories\/(\d+)(\/.*)?$/.exec(path) ?? [];
    if (id === undefined) return path;
    const repo = this.#world.repos.find((one) => one.id === Number(id) && !one.deleted);
    if (repo === undefined) throw notFound();
    return `/repos/${repo.owner}/${repo.name}${rest}`;
  }

  #moved(call: Call, path: string, repo: Repo): Answer {
    const rest = path.split('/').slice(4).join('/');
    const query = call.query.size === 0 ? '' : `?${call.query.toString()}`;
    const url = `${this.#origin()}/repositories/${repo.id}${rest === '' ? '' : `/${rest}`}${query}`;
    const [status, message] =
      call.method === 'GET' ? [301, 'Moved Permanently'] : [307, 'Temporary Redirect'];
    return this.#give(
      status,
      { message, url, documentation_url: 'https://docs.github.com/rest' },
      { location: url },
    );
  }

  #judge({ needs = [], takes = [], method, path }: Route, body: Body): void {
    const missing = needs.filter((field) => body[field] === undefined || body[field] === null);
    const strange = Object.keys(body).filter((field) => ![...needs, ...takes].includes(field));
    if (strange.length > 0) this.wrong.push(`${method} ${path}: does not know ${strange.join(', ')}`);
    if (missing.length === 0) return;
    this.wrong.push(`${method} ${path}: lacks ${missing.join(', ')}`);
    throw new ApiError(
      422,
      `Invalid request.\n\n${missing.map((f) => `"${f}" wasn't supplied.`).join('\n')}`,
    );
  }

  #page(call: Call, list: Listed, wrap: string | undefined): Answer {
    const per = Math.min(Number(call.query.get('per_page') ?? 30) || 30, MAX_PAGE);
    const page = Math.max(1, Number(call.query.get('page') ?? 1) || 1);
    const last = Math.max(1, Math.ceil(list.length / per));
    const to = (number: number, rel: string): string => {
      const query = new URLSearchParams(call.query);
      query.set('page', String(number));
      return `<${this.#origin()}${call.path}?${query.toString()}>; rel="${rel}"`;
    };
    const links = [
      ...(page > 1 ? [to(page - 1, 'prev')] : []),
      ...(page < last ? [to(page + 1, 'next'), to(last, 'last')] : []),
      ...(page > 1 ? [to(1, 'first')] : []),
    ];
    const part = list.slice((page - 1) * per, page * per);
    const data = wrap === undefined ? part : { total_count: list.length, [wrap]: part };
    return this.#tagged(call, 200, data, links.length === 0 ? {} : { link: links.join(', ') });
  }

  /** With an ETag; the same again is 304, and does not count (docs.github.com/rest, "Best practices"). */
  #tagged(call: Call, status: number, data: object, headers: Record<string, string>): Answer {
    if (call.method !== 'GET') return this.#give(status, data, headers);
    const etag = `W/"${createHash('sha256').update(JSON.stringify(data)).digest('hex')}"`;
    if (call.headers['if-none-match'] !== etag) return this.#give(status, data, { ...headers, etag });
    this.limit.remaining += 1;
    return this.#give(304, undefined, { etag });
  }

  #give(status: number, body: unknown, headers: Record<string, string> = {}): Answer {
    const { limit, remaining, reset } = this.limit;
    return {
      status,
      body,
      headers: {
        'x-ratelimit-limit': String(limit),
        'x-ratelimit-remaining': String(Math.max(0, remaining)),
        'x-ratelimit-reset': String(reset),
        'x-ratelimit-resource': 'core',
        'x-github-media-type': 'github.v3; format=json',
        ...headers,
      },
    };
  }
}

function bodyOf(call: Call): Body | undefined {
  if (call.body.length === 0) return {};
  try {
    return JSON.parse(call.body.toString('utf8')) as Body;
  } catch {
    return undefined;
  }
}
