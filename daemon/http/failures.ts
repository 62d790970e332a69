import { randomBytes } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';
import { ReeveError, fail, type ErrorResponse } from '../../contracts/errors.ts';
import type { Context } from './context.ts';
import { linger } from './linger.ts';
import type { Refusals } from './refusals.ts';
import { shown } from './shown.ts';

/** Refusals that are recorded on every method; those of a request that would have changed something always are. */
const RECORDED = new Set([
  'TOKEN_INVALID',
  'HOST_REFUSED',
  'ORIGIN_REFUSED',
  'CALLER_NAMED',
  'PERSON_UNKNOWN',
  'FORBIDDEN',
  'ARTIFACT_GATED',
  'BODY_ENCODING',
]);

/** Turns whatever was thrown into the one error form; what it cannot explain stays in the log under an id. */
export function errorHandler(context: Context, refusals: Refusals) {
  return async (error: unknown, request: FastifyRequest, reply: FastifyReply): Promise<ErrorResponse> => {
    const known = toReeveError(error, request, context);
    const response = known.toResponse();
    // Who left with the body half sent has tried nothing; bytes that are no HTTP are recorded where they are read.
    const tried = response.status < 500 && response.code !== 'REQUEST_MALFORMED';
    if (tried && (RECORDED.has(response.code) || request.method !== 'GET')) {
      const seq = await refusals.report({
        error: response,
        caller: request.caller,
        transport: context.isSocket(request.raw) ? 'socket' : 'tcp',
        request: requestLine(request),
      });
      if (seq !== undefined) response.ledger_seq = seq;
    }
    // The rest of a refused body is not worth waiting for.
    const busy = response.code === 'WEBHOOK_BUSY';
    if (response.status === 413 || (busy && !request.raw.complete)) {
      reply.header('connection', 'close');
      linger(request.raw.socket, context.clock);
    }
    if (response.status === 401) reply.header('www-authenticate', 'Bearer realm="reeve"');
    if (response.status === 429 || busy) reply.header('retry-after', String(known.params['seconds'] ?? 60));
    reply.code(response.status).type('application/json; charset=utf-8');
    return response;
  };
}

/** Method and path without the query. */
export const requestLine = ({ method, url }: Pick<IncomingMessage, 'method' | 'url'>): string =>
  shown(`${method ?? ''} ${pathOf(url)}`, 160);

/** The token of a push URL is its password, and stands nowhere. */
const pathOf = (url = ''): string => (url.split('?')[0] ?? '').replace(/^\/+hb\/+[^/]+/, '/hb/(token)');

function toReeveError(error: unknown, request: FastifyRequest, context: Context): ReeveError {
  if (error instanceof ReeveError) {
    if (error.status >= 500) context.log.error(error.message, { error, request: requestLine(request) });
    return error;
  }
  const byCode = fromFastify(error, request, context);
  if (byCode !== undefined) return byCode;
  const id = randomBytes(6).toString('hex');
  context.log.error('unexpected error in the API', { error, id, request: requestLine(request) });
  return fail(
    'INTERNAL',
    { why: `an unexpected error, ${id}`, log: `the daemon's log under ${id}` },
    { cause: error },
  );
}

function fromFastify(error: unknown, request: FastifyRequest, context: Context): ReeveError | undefined {
  if (!(error instanceof Error) || !('code' in error)) return undefined;
  const { code, validation, validationContext } = error as FastifyError;
  if (validation !== undefined) {
    const first = validation[0];
    const where = `${validationContext ?? 'request'}${(first?.instancePath ?? '').replaceAll('/', '.')}`;
    const why = `${shown(where)}: ${shown(first?.message ?? 'invalid', 300)}`;
    return fail('BODY_INVALID', { why }, { cause: error, at: shown(where) });
  }
  switch (code) {
    case 'FST_ERR_CTP_BODY_TOO_LARGE':
      return fail('BODY_TOO_LARGE', { max: request.routeOptions.bodyLimit ?? context.limits.body });
    case 'FST_ERR_CTP_INVALID_MEDIA_TYPE':
      return fail('BODY_TYPE', { type: shown(request.headers['content-type']) });
    case 'FST_ERR_CTP_INVALID_CONTENT_LENGTH':
      return fail('BODY_INVALID', { why: 'the body is not as long as Content-Length says' });
    case 'FST_ERR_BAD_URL':
    case 'FST_ERR_MAX_PARAM_LENGTH':
      return fail('ROUTE_NOT_FOUND', { method: request.method, path: shown(pathOf(request.url)) });
    case 'ECONNRESET':
      return fail('REQUEST_MALFORMED', {}, { cause: error });
    default:
      return undefined;
  }
}
