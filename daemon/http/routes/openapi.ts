import { z } from 'zod';
import type { RouteModule } from '../context.ts';
import { JsonObject } from '../../../contracts/json.ts';

export const openapi: RouteModule = {
  id: 'openapi',
  register(app, context) {
    let document: Promise<string> | undefined;
    app.get(
      '/openapi.json',
      {
        schema: {
          summary: 'This API as OpenAPI 3.1',
          tags: ['watch'],
          response: { 200: z.union([JsonObject, z.string()]) },
        },
      },
      async (_request, reply) => {
        document ??= import('../openapi.ts').then(({ openApiDocument }) => openApiDocument(context));
        return reply.type('application/json; charset=utf-8').send(await document);
      },
    );
  },
};
