import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import {
  ChatAnswer,
  ChatClosed,
  ChatDelivered,
  ChatDeliveries,
  ChatDeliveriesQuery,
  ChatHeard,
  ChatJob,
  ChatJobQuery,
  ChatLog,
  ChatNoted,
  ChatPosted,
  ChatPosts,
  ChatPostsQuery,
  ChatRelay,
  ChatSession,
  ChatThreads,
  type Platform,
} from '../../../contracts/chat.ts';
import { ErrorResponse, fail } from '../../../contracts/errors.ts';
import { JobId } from '../../../contracts/ids.ts';
import type { RouteModule } from '../context.ts';

const Params = z.object({ id: JobId });
const Done = z.object({ done: z.literal(true) });

/** What bots ask, each with its own credential. Nobody else may: a person is named here by an account alone. */
export const chat: RouteModule = {
  id: 'chat',
  register(app, context) {
    const config = { bot: true };
    const about = (summary: string) => ({ summary, tags: ['chat'] });
    app.get(
      '/v1/chat/session',
      {
        config,
        schema: {
          ...about('What a bot needs to begin'),
          response: { 200: ChatSession, default: ErrorResponse },
        },
      },
      (request) => context.chat.session(platformOf(request)),
    );
    app.post(
      '/v1/chat/relay',
      {
        config,
        schema: {
          ...about('What an account on the platform asked'),
          body: ChatRelay,
          response: { 200: ChatAnswer, default: ErrorResponse },
        },
      },
      (request) => context.chat.relay(platformOf(request), request.body),
    );
    app.get(
      '/v1/chat/posts',
      {
        config,
        schema: {
          ...about('What is still to be said, oldest first'),
          querystring: ChatPostsQuery,
          response: { 200: ChatPosts, default: ErrorResponse },
        },
      },
      async (request, reply) => ({
        posts: await context.chat.posts(platformOf(request), {
          wait: request.query.wait,
          signal: gone(reply),
        }),
      }),
    );
    app.post(
      '/v1/chat/posted',
      {
        config,
        schema: {
          ...about('A post was sent, or never will be'),
          body: ChatPosted,
          response: { 200: Done, default: ErrorResponse },
        },
      },
      async (request) => {
        await context.chat.posted(platformOf(request), request.body);
        return { done: true as const };
      },
    );
    app.get(
      '/v1/chat/jobs/:id',
      {
        config,
        schema: {
          ...about('A job with a live message, as soon as it differs'),
          params: Params,
          querystring: ChatJobQuery,
          response: { 200: ChatJob, default: ErrorResponse },
        },
      },
      (request, reply) =>
        context.chat.job(platformOf(request), request.params.id, request.query.version, {
          wait: request.query.wait,
          signal: gone(reply),
        }),
    );
    app.get(
      '/v1/chat/jobs/:id/log',
      {
        config,
        schema: {
          ...about('What a job with a live message printed, once it has ended'),
          params: Params,
          response: { 200: ChatLog, default: ErrorResponse },
        },
      },
      (request) => context.chat.log(platformOf(request), request.params.id),
    );
    app.get(
      '/v1/chat/threads',
      {
        config,
        schema: {
          ...about('Threads whose messages become notes of an incident'),
          response: { 200: ChatThreads, default: ErrorResponse },
        },
      },
      async (request) => ({ threads: await context.chat.threads(platformOf(request)) }),
    );
    app.post(
      '/v1/chat/heard',
      {
        config,
        schema: {
          ...about('What somebody wrote in such a thread'),
          body: ChatHeard,
          response: { 200: ChatNoted, default: ErrorResponse },
        },
      },
      (request) => context.chat.heard(platformOf(request), request.body),
    );
    app.post(
      '/v1/chat/closed',
      {
        config,
        schema: {
          ...about('The end of a job stands in its message'),
          body: ChatClosed,
          response: { 200: Done, default: ErrorResponse },
        },
      },
      async (request) => {
        await context.chat.closed(platformOf(request), request.body);
        return { done: true as const };
      },
    );
    app.get(
      '/v1/chat/deliveries',
      {
        config,
        schema: {
          ...about('What the platform sent, signed, to /v1/interactions'),
          querystring: ChatDeliveriesQuery,
          response: { 200: ChatDeliveries, default: ErrorResponse },
        },
      },
      async (request, reply) => ({
        deliveries: await context.chat.deliveries(platformOf(request), request.query.process, {
          wait: request.query.wait,
          signal: gone(reply),
        }),
      }),
    );
    app.post(
      '/v1/chat/delivered',
      {
        config,
        schema: {
          ...about('What the platform is answered with'),
          body: ChatDelivered,
          response: { 200: Done, default: ErrorResponse },
        },
      },
      (request) => {
        context.chat.delivered(platformOf(request), request.body);
        return { done: true as const };
      },
    );
  },
};

function platformOf(request: Pick<FastifyRequest, 'bot'>): Platform {
  if (request.bot === undefined) throw fail('BOT_ONLY');
  return request.bot;
}

/** Aborts when the bot has gone away, or has its answer. Not with the connection: that is used for thousands of requests. */
function gone({ raw }: Pick<FastifyReply, 'raw'>): AbortSignal {
  const controller = new AbortController();
  raw.once('close', () => controller.abort());
  return controller.signal;
}
