import { z } from 'zod';
import { ErrorResponse, ReeveError, fail } from '../../../contracts/errors.ts';
import type { RouteModule } from '../context.ts';
import { MinuteWindow } from '../window.ts';

/** Calls of one push URL in a minute, and of URLs that are nobody's. */
export const CALLS_PER_MINUTE = 60;
export const UNKNOWN_PER_MINUTE = 20;
/** Bytes of a body; only its beginning is kept. */
const MAX_BODY = 16 * 1024;

const Params = z.strictObject({ token: z.string(), event: z.enum(['start', 'fail']).optional() });

/**
 * The push URLs of heartbeat probes: whoever knows one may say that its job runs, without a login and whatever the body's
 * type, so that `curl` in a crontab line is enough. A right token is let in however many wrong ones were tried.
 */
export const heartbeat: RouteModule = {
  id: 'heartbeat',
  register(app, context) {
    const unknown = new MinuteWindow(context, UNKNOWN_PER_MINUTE);
    // Only tokens that were right get an entry.
    const known = new Map<string, MinuteWindow>();
    const push = async (token: string, event: 'start' | 'ping' | 'fail', text: string): Promise<void> => {
      const window = known.get(token);
      if (window?.take() === false) throw fail('RATE_LIMITED', { seconds: window.secondsLeft() });
      try {
        if (!/^[A-Za-z0-9_-]{16,64}$/.test(token)) throw fail('PUSH_UNKNOWN');
        await context.push(token, event, text);
      } catch (error) {
        if (!(error instanceof ReeveError) || !['PROBE_UNKNOWN', 'PUSH_UNKNOWN'].includes(error.code))
          throw error;
        known.delete(token);
        if (!unknown.take()) throw fail('RATE_LIMITED', { seconds: unknown.secondsLeft() });
        throw fail('PUSH_UNKNOWN');
      }
      if (window === undefined) known.set(token, firstTaken(new MinuteWindow(context, CALLS_PER_MINUTE)));
    };
    void app.register((scope, _options, done) => {
      scope.removeAllContentTypeParsers();
      scope.addContentTypeParser('*', { parseAs: 'string', bodyLimit: MAX_BODY }, (_request, body, parsed) =>
        parsed(null, body),
      );
      for (const path of ['/hb/:token', '/hb/:token/:event'] as const)
        scope.route({
          method: ['GET', 'HEAD', 'POST'],
          url: path,
          config: { open: true },
          schema: {
            summary: 'A job reports to its heartbeat probe',
            description:
              'Without more: it ended well. `/start`: it begins. `/fail`: it failed; the body says why.',
            tags: ['watch'],
            params: Params,
            response: { 200: z.string(), default: ErrorResponse },
          },
          async handler(request, reply) {
            const { token, event = 'ping' } = request.params as z.infer<typeof Params>;
            const text = typeof request.body === 'string' ? request.body : '';
            await push(token, event, text);
            return reply.type('text/plain; charset=utf-8').send('ok\n');
          },
        });
      done();
    });
  },
};

function firstTaken(window: MinuteWindow): MinuteWindow {
  window.take();
  return window;
}
