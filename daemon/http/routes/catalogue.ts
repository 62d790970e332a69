import { Catalogue } from '../../../contracts/catalogue.ts';
import { ErrorResponse } from '../../../contracts/errors.ts';
import { callerOf } from '../caller.ts';
import type { RouteModule } from '../context.ts';

export const catalogue: RouteModule = {
  id: 'catalogue',
  register(app, context) {
    app.get(
      '/v1/catalogue',
      {
        schema: {
          summary: 'Commands this caller may use, with their arguments',
          tags: ['commands'],
          response: { 200: Catalogue, default: ErrorResponse },
        },
      },
      async (request) => context.door.catalogue(callerOf(request)),
    );
  },
};
