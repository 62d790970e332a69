import { CoSignBody, CoSignView } from '../../../contracts/cosign.ts';
import { ErrorResponse, ReeveError, fail } from '../../../contracts/errors.ts';
import { Reply } from '../../../contracts/reply.ts';
import type { RouteModule } from '../context.ts';
import { MinuteWindow } from '../window.ts';

/** Statements that no enrolled key signed, answered in one minute. A right one always passes. */
const WRONG_PER_MINUTE = 30;
/** Errors that say nothing of who asks: they count as tries. */
const STRANGE: ReadonlySet<string> = new Set([
  'COSIGN_MALFORMED',
  'COSIGN_BAD_SIGNATURE',
  'COSIGN_KEY_UNKNOWN',
]);

/**
 * For people who approve from their own machine (`reeve approve --at`). Nobody logs in: each body is signed by an enrolled
 * key, which is who asks. POST alone, so that no link and no preview ever approves anything.
 */
export const cosign: RouteModule = {
  id: 'cosign',
  register(app, context) {
    const wrong = new MinuteWindow(context, WRONG_PER_MINUTE);
    const bounded = async <T>(work: () => Promise<T>): Promise<T> => {
      try {
        return await work();
      } catch (error) {
        if (error instanceof ReeveError && STRANGE.has(error.code) && !wrong.take())
          throw fail('RATE_LIMITED', { seconds: wrong.secondsLeft() });
        throw error;
      }
    };
    app.post(
      '/v1/cosign/look',
      {
        config: { open: true },
        schema: {
          summary: 'A request with its whole plan, for the holder of an enrolled key',
          tags: ['grants'],
          body: CoSignBody,
          response: { 200: CoSignView, default: ErrorResponse },
        },
      },
      (request) => bounded(() => context.cosign.look(request.body.token)),
    );
    app.post(
      '/v1/cosign/decide',
      {
        config: { open: true },
        schema: {
          summary: 'A signed decision about a request',
          tags: ['grants'],
          body: CoSignBody,
          response: { 200: Reply, default: ErrorResponse },
        },
      },
      (request) => bounded(() => context.cosign.decide(request.body.token)),
    );
  },
};
