import { Client, DiscordAPIError, Events, Routes, type Interaction, type REST } from 'discord.js';
import type { ChatDelivery } from '../../contracts/chat.ts';
import { interactionClient } from './options.ts';

/** The part of discord.js that makes an interaction of what the gateway delivers; it has no public name for it. */
interface Actions {
  InteractionCreate: { handle(data: unknown): void };
}

/** Makes discord.js hear of interactions that came as signed requests: from here on they are what they are over the gateway. */
export function signedClient(deps: {
  token: string;
  api?: string | undefined;
  heard(interaction: Interaction): void;
  failed(error: unknown): void;
}): { hear(payload: ChatDelivery['payload']): void; close(): Promise<void> } {
  const { token, api, heard, failed } = deps;
  const client = new Client(interactionClient(api));
  client.rest.setToken(token);
  client.on(Events.Error, failed);
  client.on(Events.InteractionCreate, heard);
  const { InteractionCreate } = Reflect.get(client, 'actions') as Actions;
  return {
    hear(payload) {
      try {
        InteractionCreate.handle(payload);
      } catch (error) {
        failed(error);
      }
    },
    close: () => client.destroy(),
  };
}

/** Whether Discord takes the token, which no login shows here. Rejects when it does not, or cannot be asked. */
export async function greet(rest: Pick<REST, 'get'>, refused: () => void): Promise<void> {
  try {
    await rest.get(Routes.user());
  } catch (error) {
    if (error instanceof DiscordAPIError && error.status === 401) refused();
    throw error;
  }
}
