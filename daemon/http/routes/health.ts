import { Health, Ready } from '../../../contracts/api.ts';
import { ErrorResponse } from '../../../contracts/errors.ts';
import type { RouteModule } from '../context.ts';

/** Liveness and readiness: the only data anyone on this machine may read without a token. */
export const health: RouteModule = {
  id: 'health',
  register(app, context) {
    app.get(
      '/healthz',
      {
        config: { open: true },
        schema: {
          summary: 'Whether the process lives',
          tags: ['watch'],
          response: { 200: Health, default: ErrorResponse },
        },
      },
      () => ({
        status: context.ledger.health().writable ? ('ok' as const) : ('degraded' as const),
        reeve: context.version,
        pid: process.pid,
        uptime_ms: Math.round(context.clock.monotonic() - context.started),
      }),
    );
    app.get(
      '/readyz',
      {
        config: { open: true },
        schema: {
          summary: 'Whether it can do its work; 503 while it cannot',
          tags: ['watch'],
          response: { 200: Ready, 503: Ready, default: ErrorResponse },
        },
      },
      (_request, reply) => {
        const ready = context.ready();
        reply.statusCode = ready.ready ? 200 : 503;
        return ready;
      },
    );
  },
};
