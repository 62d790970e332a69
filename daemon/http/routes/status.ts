import { StatusView } from '../../../contracts/api.ts';
import { ErrorResponse } from '../../../contracts/errors.ts';
import { callerOf } from '../caller.ts';
import type { RouteModule } from '../context.ts';

export const status: RouteModule = {
  id: 'status',
  register(app, context) {
    app.get(
      '/v1/status',
      {
        config: { verb: 'view' },
        schema: {
          summary: 'The daemon at a glance',
          tags: ['watch'],
          response: { 200: StatusView, default: ErrorResponse },
        },
      },
      async (request) => {
        // A ledger that cannot be written is the very thing to show here.
        await context.ledger.settled().catch(() => undefined);
        const caller = callerOf(request);
        return context.status((project, env) => context.access(caller, 'view', project, env));
      },
    );
  },
};
