import type { FastifyRequest } from 'fastify';
import { CLIENT_HEADER } from '../../contracts/api.ts';
import { fail } from '../../contracts/errors.ts';
import type { Context, Credential } from './context.ts';
import { shown } from './shown.ts';
import { MAX_TOKEN, type TokenHolder } from './token.ts';
import { MinuteWindow } from './window.ts';

/** Wrong tokens answered with `TOKEN_INVALID` in one minute; further ones get `RATE_LIMITED`. A right one always passes. */
export const WRONG_TOKENS_PER_MINUTE = 20;

/** Headers by which proxies and clients of other systems say who the user is. Nobody may say so here. */
const NAMING_HEADERS = [
  'remote-user',
  'x-remote-user',
  'x-forwarded-user',
  'x-authenticated-user',
  'x-auth-request-user',
  'x-webauth-user',
  'x-user',
  'x-actor',
  'x-person',
  'x-reeve-user',
  'x-reeve-person',
  'x-reeve-actor',
];

/** The same in a query or at the top of a body. What a command's own `args` mean is for the door to say. */
const NAMING_FIELDS = ['user', 'username', 'person', 'actor', 'by', 'caller', 'account', 'as', 'sub', 'via'];

/**
 * Throws `HOST_REFUSED`: on TCP only this daemon's own names (against DNS rebinding), but where a signature counts, which
 * no browser can be made to send.
 */
export function checkHost(request: FastifyRequest, context: Context): void {
  if (context.isSocket(request.raw) || request.routeOptions.config.signed === true) return;
  const host = request.headers.host;
  if (host === undefined || !ownHosts(context.boundPort()).includes(host.toLowerCase())) {
    throw fail('HOST_REFUSED', { host: shown(host) });
  }
}

/**
 * Throws `ORIGIN_REFUSED` for whatever a page of another origin made a browser send (Fetch Metadata, W3C; Origin, RFC
 * 6454). Browsers cannot reach the socket by themselves: one that does came through a tunnel, past the token.
 */
export function checkOrigin(request: FastifyRequest, context: Context): void {
  const { origin } = request.headers;
  const site = request.headers['sec-fetch-site'];
  if (context.isSocket(request.raw)) {
    if (origin !== undefined || site !== undefined) throw fail('ORIGIN_REFUSED', { origin: shown(origin) });
    return;
  }
  if (origin !== undefined && !ownHosts(context.boundPort()).some((host) => origin === `http://${host}`)) {
    throw fail('ORIGIN_REFUSED', { origin: shown(origin) });
  }
  if (site === undefined || site === 'same-origin' || site === 'none') return;
  const followedLink = request.method === 'GET' && request.headers['sec-fetch-mode'] === 'navigate';
  if (followedLink && request.routeOptions.config.page === true) return;
  throw fail('ORIGIN_REFUSED', { origin: origin === undefined ? shown(`(${String(site)})`) : shown(origin) });
}

/** A header that says who the user is. */
export const namingHeader = (headers: FastifyRequest['headers']): string | undefined =>
  NAMING_HEADERS.find((name) => headers[name] !== undefined);

/** Throws `CALLER_NAMED` for headers and query fields. */
export function checkUnnamed(request: FastifyRequest): void {
  const header = namingHeader(request.headers);
  if (header !== undefined) throw fail('CALLER_NAMED', { field: `the header ${header}` });
  refuseNaming(request.query);
}

/** Throws `CALLER_NAMED` for the top-level fields of a body or query. */
export function refuseNaming(fields: unknown): void {
  if (typeof fields !== 'object' || fields === null) return;
  const field = NAMING_FIELDS.find((name) => Object.hasOwn(fields, name));
  if (field !== undefined) throw fail('CALLER_NAMED', { field });
}

/** Throws `BODY_ENCODING`. */
export function checkUncompressed({ headers }: Pick<FastifyRequest, 'headers'>): void {
  const encoding = headers['content-encoding'];
  if (encoding !== undefined && encoding !== 'identity') {
    throw fail('BODY_ENCODING', { encoding: shown(encoding) });
  }
}

/** Throws `BODY_ENCODING`, `BODY_TYPE`: JSON as it is, so that no HTML form of another site can make one. */
export function checkBodyHeaders(request: FastifyRequest): void {
  checkUncompressed(request);
  if (request.method === 'GET') return;
  const type = request.headers['content-type'];
  if (type?.split(';')[0]?.trim().toLowerCase() !== 'application/json') {
    throw fail('BODY_TYPE', { type: shown(type) });
  }
}

/** Finds out who holds the bearer token of a TCP request. Rejects `TOKEN_MISSING`, `TOKEN_INVALID`, `RATE_LIMITED`. */
export function tokenCheck(context: Context): (request: FastifyRequest) => Promise<TokenHolder> {
  const wrong = new MinuteWindow(context, WRONG_TOKENS_PER_MINUTE);
  return async (request) => {
    const header = request.headers.authorization;
    if (header === undefined) throw fail('TOKEN_MISSING');
    const token = /^Bearer ([\x21-\x7e]+)$/i.exec(header)?.[1] ?? '';
    if (token !== '' && token.length <= MAX_TOKEN) {
      for (const verifier of context.verifiers) {
        const holder = await verifier.verify(token);
        if (holder !== undefined) return holder;
      }
    }
    if (!wrong.take()) throw fail('RATE_LIMITED', { seconds: wrong.secondsLeft() });
    throw fail('TOKEN_INVALID');
  };
}

/** What is known of the caller, for `identify`. A browser labels itself by a header that scripts cannot set. */
export function credentialOf(request: FastifyRequest, context: Context, holder?: TokenHolder): Credential {
  // `cli;tty`: what follows the name says how it is used.
  const said = request.headers[CLIENT_HEADER];
  const label = typeof said === 'string' ? said.split(';')[0] : undefined;
  const client = label === 'cli' || label === 'web' ? label : 'api';
  return {
    transport: context.isSocket(request.raw) ? 'socket' : 'tcp',
    ...(holder === undefined ? {} : { holder }),
    client: request.headers['sec-fetch-site'] === 'same-origin' ? 'web' : client,
  };
}

function ownHosts(port: number): string[] {
  return [`127.0.0.1:${port}`, `localhost:${port}`, `[::1]:${port}`];
}
