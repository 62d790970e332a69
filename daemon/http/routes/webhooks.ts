import { z } from 'zod';
import { ErrorResponse, fail } from '../../../contracts/errors.ts';
import { Slug } from '../../../contracts/ids.ts';
import type { RouteModule } from '../context.ts';
import { onlyHeader, refusalOf, sourceOf } from '../delivery.ts';
import { checkUncompressed } from '../guard.ts';

/** No source takes more, bytes. */
const MAX_BODY = 25 * 1024 * 1024;

const Taken = z.object({
  delivery: z.string(),
  /** It was here before, and nothing comes of it again. */
  known: z.boolean(),
});

/**
 * What GitHub, Linear and others call. A request proves itself by a signature over its raw bytes, which is checked before
 * anything is parsed. The sender is answered when the delivery is durable; what comes of it comes afterwards.
 */
export const webhooks: RouteModule = {
  id: 'webhooks',
  register(app, context) {
    void app.register((scope, _options, done) => {
      scope.removeAllContentTypeParsers();
      scope.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, parsed) => parsed(null, body));
      scope.addHook('onRequest', (request, reply, next) => {
        const refused = refusalOf(request.raw);
        if (refused !== undefined) return next(refused);
        checkUncompressed(request);
        const source = sourceOf(request.url);
        const admit = (
          limits: Awaited<ReturnType<typeof context.webhooks.limits>>,
        ): Promise<void> | undefined => {
          if (limits === undefined) throw fail('WEBHOOK_UNKNOWN', { source: source.slice(0, 80) });
          const length = Number(request.headers['content-length'] ?? Number.NaN);
          if (!Number.isSafeInteger(length)) throw fail('WEBHOOK_LENGTH');
          if (length > limits.maxBody) throw fail('BODY_TOO_LARGE', { max: limits.maxBody });
          const room = context.bodies.take(length, request.raw, () => request.raw.destroy());
          reply.raw.once('close', room.release);
          return room.wait;
        };
        const limits = context.webhooks.limits(source);
        const admitted = limits instanceof Promise ? limits.then(admit) : admit(limits);
        if (admitted === undefined) next();
        else admitted.then(() => next(), next);
      });
      for (const [path, params] of [
        ['/webhooks/github', z.object({})],
        ['/webhooks/linear', z.object({})],
        ['/webhooks/generic/:name', z.object({ name: Slug })],
      ] as const)
        scope.post(
          path,
          {
            config: { open: true, signed: true },
            bodyLimit: MAX_BODY,
            schema: {
              summary: 'A signed delivery',
              tags: ['webhooks'],
              params,
              response: { 200: Taken, default: ErrorResponse },
            },
          },
          async (request) => {
            const { body } = request;
            if (!Buffer.isBuffer(body)) throw fail('BODY_INVALID', { why: 'the body is empty' });
            return context.webhooks.receive(sourceOf(request.url), {
              body,
              header: (name) => onlyHeader(request.raw, name),
            });
          },
        );
      done();
    });
  },
};
