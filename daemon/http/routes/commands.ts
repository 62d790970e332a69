import { CommandRequest } from '../../../contracts/api.ts';
import { ErrorResponse } from '../../../contracts/errors.ts';
import { Reply } from '../../../contracts/reply.ts';
import { callerOf } from '../caller.ts';
import type { RouteModule } from '../context.ts';

/** The way in for everything that changes anything. What the door refuses comes back as a Reply with the error's status. */
export const commands: RouteModule = {
  id: 'commands',
  register(app, context) {
    app.post(
      '/v1/commands',
      {
        schema: {
          summary: 'Run a command of the catalogue',
          tags: ['commands'],
          body: CommandRequest,
          response: { 200: Reply, '4xx': Reply, '5xx': Reply, default: ErrorResponse },
        },
      },
      async (request, reply) => {
        const answer = await context.door.admit(callerOf(request), request.body);
        reply.statusCode = answer.error?.status ?? 200;
        return answer;
      },
    );
  },
};
