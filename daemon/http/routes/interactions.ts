import { z } from 'zod';
import { ErrorResponse, fail } from '../../../contracts/errors.ts';
import type { Platform } from '../../../contracts/chat.ts';
import type { RouteModule } from '../context.ts';
import { checkUncompressed } from '../guard.ts';

/** Bytes of a body. A command has a few hundred; a form with all its fields filled in stays below this. */
const MAX_BODY = 256 * 1024;

/**
 * What Discord and Slack call under `transport: http`. A request proves itself by a signature over its raw bytes, which
 * chat checks before anything is parsed; nothing here is read as anything but bytes.
 */
export const interactions: RouteModule = {
  id: 'interactions',
  register(app, context) {
    void app.register((scope, _options, done) => {
      scope.removeAllContentTypeParsers();
      scope.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, parsed) => parsed(null, body));
      scope.addHook('onRequest', (request, _reply, next) => {
        checkUncompressed(request);
        next();
      });
      for (const platform of ['discord', 'slack'] as const satisfies readonly Platform[])
        scope.post(
          `/v1/interactions/${platform}`,
          {
            config: { open: true, signed: true },
            bodyLimit: MAX_BODY,
            schema: {
              summary: 'A signed request of the platform',
              tags: ['chat'],
              response: { 200: z.string(), 202: z.string(), default: ErrorResponse },
            },
          },
          async (request, reply) => {
            const { body } = request;
            if (!Buffer.isBuffer(body)) throw fail('BODY_INVALID', { why: 'the body is empty' });
            const answer = await context.chat.receive(platform, {
              body,
              header(name) {
                // Of two, one might be signed and the other one read.
                const values = request.raw.headersDistinct[name];
                return values?.length === 1 ? values[0] : undefined;
              },
            });
            // What is text already is not to be written as JSON once more.
            return reply
              .code(answer.status)
              .type(answer.json === true ? 'application/json' : 'text/plain; charset=utf-8')
              .serializer((text: unknown) => String(text))
              .send(answer.body);
          },
        );
      done();
    });
  },
};
