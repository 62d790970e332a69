import { EventEmitter } from 'node:events';
import type { Server } from 'node:http';
import fastify, { type FastifyRequest } from 'fastify';
import { validatorCompiler, type ZodTypeProvider } from 'fastify-type-provider-zod';
import type { z } from 'zod';
import { fail, type ReeveError } from '../../contracts/errors.ts';
import { compiled } from '../compiled.ts';
import { LIMITS, type App, type Context } from './context.ts';
import { errorHandler, requestLine } from './failures.ts';
import {
  checkBodyHeaders,
  checkHost,
  checkOrigin,
  checkUnnamed,
  credentialOf,
  refuseNaming,
  tokenCheck,
} from './guard.ts';
import { parseJsonBody } from '../json-body.ts';
import { Refusals } from './refusals.ts';
import { routes } from './routes/index.ts';
import { shown } from './shown.ts';

/**
 * The application without a listener. The factories stand in for Ajv and fast-json-stringify, which fastify otherwise
 * loads at construction (28 ms, 12 MiB) and here never uses. Answers are written as they are: that they fit their schemas
 * is the type checker's and the tests' business, for a reply about something done must not fail to go out.
 */
export function newApp(options: { bodyLimit: number }): App {
  const app: App = fastify({
    logger: false,
    bodyLimit: options.bodyLimit,
    // Requests come from our own listeners (listen.ts); one of fastify's would be opened by nobody.
    serverFactory: () => new EventEmitter() as Server,
    exposeHeadRoutes: false,
    // A path that cannot be decoded reaches no hook and no handler.
    frameworkErrors: (_error, _request, reply) => {
      const error = fail('REQUEST_MALFORMED').toResponse();
      reply.raw.writeHead(error.status, { 'content-type': 'application/json; charset=utf-8' });
      reply.raw.end(JSON.stringify(error));
    },
    routerOptions: { maxParamLength: 200, caseSensitive: true, compile: true },
    schemaController: { compilersFactory: { buildValidator: neverUsed, buildSerializer: neverUsed } },
  }).withTypeProvider<ZodTypeProvider>();
  app.setValidatorCompiler<z.ZodType>((route) => {
    const inWords = validatorCompiler(route);
    if (route.httpPart !== 'body') return inWords;
    const check = compiled(route.schema);
    return (body: unknown) => {
      const result = check(body);
      return result.success ? { value: result.data } : inWords(body);
    };
  });
  app.setSerializerCompiler(() => (data) => JSON.stringify(data));
  return app;
}

const neverUsed = (): never => {
  throw new Error('every schema here is a zod schema');
};

export function registerRoutes(app: App, context: Context): void {
  const ids = new Set<string>();
  for (const route of routes) {
    if (ids.has(route.id)) throw new Error(`two route files are called ${route.id}`);
    ids.add(route.id);
    route.register(app, context);
  }
}

/** The application before what it rests on is there. */
export interface Built {
  app: App;
  refusals: Refusals;
  /** To be called once, before the first request. */
  rest(on: Context): void;
}

const NOT_YET: object = new Proxy(Object.prototype, {
  get(_none, name) {
    throw new Error(`a route may use context.${String(name)} when it is asked, not when it is registered`);
  },
});

let prepared: Built | undefined;

/** Builds the application that the first server of this process takes: for a snapshot, which then holds it. */
export async function prepareApp(): Promise<void> {
  prepared = await buildApp(LIMITS.body);
}

export async function takeApp(bodyLimit: number): Promise<Built> {
  const taken = bodyLimit === LIMITS.body ? prepared : undefined;
  if (taken === undefined) return buildApp(bodyLimit);
  prepared = undefined;
  return taken;
}

async function buildApp(bodyLimit: number): Promise<Built> {
  const context = Object.create(NOT_YET) as Context;
  const refusals = new Refusals(context);
  const app = newApp({ bodyLimit });
  const holderOf = tokenCheck(context);
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('application/json', { parseAs: 'buffer' }, (_request, body, done) => {
    try {
      done(null, parseJsonBody(typeof body === 'string' ? Buffer.from(body) : body));
    } catch (error) {
      done(error instanceof Error ? error : new Error(String(error)));
    }
  });
  app.decorateRequest('caller', undefined);
  app.decorateRequest('bot', undefined);
  app.setErrorHandler(errorHandler(context, refusals));
  app.setNotFoundHandler((request) => {
    throw notFound(request);
  });
  app.addHook('onRequest', (request, _reply, done) => {
    // Fastify makes `routeOptions` anew each time it is asked for.
    const { open, verb, bot } = request.routeOptions.config;
    const identify = (credential: Parameters<typeof context.identify>[0]): void => {
      const { holder } = credential;
      if (holder?.kind === 'bot') {
        // It speaks for whoever asked in chat, and opens nothing by itself.
        if (bot !== true) throw fail('BOT_REFUSED');
        request.bot = holder.id;
      } else {
        if (bot === true) throw fail('BOT_ONLY');
        request.caller = context.identify(credential);
        if (verb !== undefined && !context.access(request.caller, verb))
          throw fail('FORBIDDEN', { person: request.caller.person, verb, where: 'anything' });
        // Before the body of a request to nowhere is read.
        if (request.is404) throw notFound(request);
      }
      checkBodyHeaders(request);
    };
    try {
      checkHost(request, context);
      checkOrigin(request, context);
      checkUnnamed(request);
      if (open === true) return done();
      // On the socket the owner needs no token; a bot shows its own there, too.
      if (context.isSocket(request.raw) && request.headers.authorization === undefined)
        identify(credentialOf(request, context));
      else {
        holderOf(request)
          .then((holder) => identify(credentialOf(request, context, holder)))
          .then(() => done(), done);
        return;
      }
    } catch (error) {
      return done(error instanceof Error ? error : new Error(shown(String(error))));
    }
    done();
  });
  app.addHook('preValidation', (request, _reply, done) => {
    try {
      refuseNaming(request.body);
    } catch (error) {
      return done(error instanceof Error ? error : new Error(shown(String(error))));
    }
    done();
  });
  registerRoutes(app, context);
  await app.ready();
  return {
    app,
    refusals,
    rest(on) {
      Object.setPrototypeOf(context, Object.prototype);
      Object.assign(context, on);
    },
  };
}

function notFound(request: FastifyRequest): ReeveError {
  const [method, path] = requestLine(request).split(' ');
  return fail('ROUTE_NOT_FOUND', { method: method ?? '', path: path ?? '' });
}
