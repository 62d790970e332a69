import { z } from 'zod';
import { ErrorResponse } from '../../../contracts/errors.ts';
import type { RouteModule } from '../context.ts';

export const metrics: RouteModule = {
  id: 'metrics',
  register(app, context) {
    app.get(
      '/metrics',
      {
        config: { verb: 'view' },
        schema: {
          summary: 'Prometheus metrics, text format 0.0.4',
          tags: ['watch'],
          response: { 200: z.string(), default: ErrorResponse },
        },
      },
      async (_request, reply) =>
        reply.type('text/plain; version=0.0.4; charset=utf-8').send(await context.metrics()),
    );
  },
};
