import { newApp, registerRoutes } from './app.ts';
import type { Context } from './context.ts';

/**
 * The OpenAPI 3.1 document as JSON text, made from the very schemas the routes validate with. A twin of the application,
 * never asked anything, is built for it at the first request, so that starting the daemon costs nothing for it.
 */
export async function openApiDocument(context: Context): Promise<string> {
  const [{ default: swagger }, { jsonSchemaTransform }] = await Promise.all([
    import('@fastify/swagger'),
    import('fastify-type-provider-zod'),
  ]);
  const twin = newApp({ bodyLimit: context.limits.body });
  await twin.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Reeve',
        version: context.version,
        description:
          'Everything that changes anything is a command. Who asks follows from the connection: the owner on the Unix ' +
          'socket, the holder of a bearer token on TCP. Errors have one form: `{code, status, message, hint}`.',
      },
      servers: [{ url: `http://127.0.0.1:${context.boundPort()}` }],
      components: { securitySchemes: { bearer: { type: 'http', scheme: 'bearer' } } },
      security: [{ bearer: [] }],
    },
    transform: jsonSchemaTransform,
  });
  await twin.register(async (scope) => registerRoutes(scope.withTypeProvider(), context));
  await twin.ready();
  const document = JSON.stringify(twin.swagger());
  await twin.close();
  return document;
}
