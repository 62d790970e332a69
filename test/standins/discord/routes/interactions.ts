import { InteractionType, MessageFlags } from 'discord-api-types/v10';
import { unknownMessage } from '../errors.ts';
import { apiMessage } from '../render.ts';
import type { Request, Route } from '../rest.ts';
import type { Interaction } from '../interactions.ts';
import type { Message } from '../world.ts';

const found = ({ interactions, params }: Request): { interaction: Interaction; message: Message } => {
  const interaction = interactions.byToken(params['app'] ?? '', params['token'] ?? '');
  return { interaction, message: interactions.messageOf(interaction, params['message'] ?? '') };
};

/** First responses, and the webhook by which an interaction's token answers for 15 minutes. */
export const interactionRoutes: readonly Route[] = [
  {
    method: 'POST',
    path: '/interactions/:interaction/:token/callback',
    open: true,
    run: ({ interactions, params, body, files, query, world }) => {
      const done = interactions.respond(params['interaction'] ?? '', params['token'] ?? '', body, files);
      if (query.get('with_response') !== 'true') return undefined;
      return callbackResponse(done, (message) => apiMessage(world, message));
    },
  },
  {
    method: 'POST',
    path: '/webhooks/:app/:token',
    open: true,
    run: (request) => {
      const { interactions, params, world } = request;
      const interaction = interactions.byToken(params['app'] ?? '', params['token'] ?? '');
      return apiMessage(world, interactions.followUp(interaction, request.draft('Followup')));
    },
  },
  {
    method: 'GET',
    path: '/webhooks/:app/:token/messages/:message',
    open: true,
    run: (request) => apiMessage(request.world, found(request).message),
  },
  {
    method: 'PATCH',
    path: '/webhooks/:app/:token/messages/:message',
    open: true,
    run: (request) =>
      apiMessage(request.world, request.messages.edit(found(request).message, request.draft('FollowupEdit'))),
  },
  {
    method: 'DELETE',
    path: '/webhooks/:app/:token/messages/:message',
    open: true,
    run: (request) => {
      const { message, interaction } = found(request);
      // The message of a button is not the interaction's to delete unless it was its answer.
      if (
        interaction.type === InteractionType.MessageComponent &&
        message.applicationId !== interaction.app.id
      )
        throw unknownMessage();
      request.messages.delete(message);
      return undefined;
    },
  },
];

/** The body of an answered callback with `with_response`. */
export function callbackResponse(done: Interaction, render: (message: Message) => object): object {
  const { original } = done;
  return {
    interaction: {
      id: done.id,
      type: done.type,
      ...(original === undefined
        ? {}
        : {
            response_message_id: original.id,
            response_message_loading: (original.flags & MessageFlags.Loading) !== 0,
            response_message_ephemeral: original.ephemeralFor !== undefined,
          }),
    },
    resource: { type: done.response, ...(original === undefined ? {} : { message: render(original) }) },
  };
}
