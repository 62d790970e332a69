import { z } from 'zod';
import { EventsQuery } from '../../../contracts/api.ts';
import { ErrorResponse, fail } from '../../../contracts/errors.ts';
import { callerOf, demand } from '../caller.ts';
import type { RouteModule } from '../context.ts';
import { Sight } from '../events/sight.ts';
import { EventStream } from '../events/stream.ts';

export const events: RouteModule = {
  id: 'events',
  register(app, context) {
    app.get(
      '/v1/events',
      {
        config: { verb: 'subscribe' },
        schema: {
          summary: 'Ledger records and lines of running steps as they come (server-sent events)',
          description:
            'Resumable: the id of a record event is its ledger seq; send it back as Last-Event-ID.',
          tags: ['watch'],
          querystring: EventsQuery,
          response: { 200: z.string().describe('text/event-stream of StreamEvent'), default: ErrorResponse },
        },
      },
      async (request, reply) => {
        const caller = callerOf(request);
        const { from, tail, job, logs } = request.query;
        if (job !== undefined) demand(context, caller, 'subscribe', (await context.jobs.get(job)).spec);
        const { size } = context.ledger.head();
        const start =
          from ?? lastEventId(request.headers['last-event-id']) ?? Math.max(0, size - (tail ?? 0));
        if (start > size) throw fail('LEDGER_RANGE', { seq: start, size, last: size - 1 });
        const stream = new EventStream(context, reply.raw, new Sight(context, caller), {
          from: start,
          job,
          logs: logs === 'yes',
        });
        const release = context.streams.admit(stream);
        reply.hijack();
        stream.start(release);
        return reply;
      },
    );
  },
};

/** The seq after the one a reader saw last; undefined for none, or an id that is not ours. */
function lastEventId(header: string | string[] | undefined): number | undefined {
  if (typeof header !== 'string' || !/^(-1|\d{1,15})$/.test(header)) return undefined;
  return Number(header) + 1;
}
