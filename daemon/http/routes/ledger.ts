import { z } from 'zod';
import { SeqParams } from '../../../contracts/api.ts';
import { ErrorResponse, fail } from '../../../contracts/errors.ts';
import type { RouteModule } from '../context.ts';

const Text = z.string();

/** What an outsider needs to check the ledger without trusting the daemon. */
export const ledger: RouteModule = {
  id: 'ledger',
  register(app, context) {
    app.get(
      '/v1/ledger/checkpoint',
      {
        config: { verb: 'view' },
        schema: {
          summary: 'A signed checkpoint of the ledger as it is now (C2SP signed note)',
          tags: ['ledger'],
          response: { 200: Text, default: ErrorResponse },
        },
      },
      async (_request, reply) =>
        reply.type('text/plain; charset=utf-8').send(await context.ledger.checkpoint()),
    );
    app.get(
      '/v1/ledger/proof/:seq',
      {
        config: { verb: 'view' },
        schema: {
          summary: 'Proof that a record is in the ledger (c2sp.org/tlog-proof)',
          tags: ['ledger'],
          params: SeqParams,
          response: { 200: Text, default: ErrorResponse },
        },
      },
      async (request, reply) => {
        const { seq } = request.params;
        const { size } = context.ledger.head();
        if (seq >= size) throw fail('LEDGER_RANGE', { seq, size, last: size - 1 });
        return reply.type('text/plain; charset=utf-8').send(await context.proof(seq));
      },
    );
  },
};
