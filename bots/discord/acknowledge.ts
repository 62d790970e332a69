import {
  DiscordAPIError,
  RESTJSONErrorCodes as Code,
  Routes,
  type ChatInputCommandInteraction,
  type MessageComponentInteraction,
  type MessageContextMenuCommandInteraction,
  type ModalSubmitInteraction,
} from 'discord.js';

/**
 * The first response, for which Discord waits 3 s. False: it came too late, so that Discord takes no answer any more; then
 * nothing is to be done, and the person is told so where it was asked. Rejects as Discord does.
 */
export async function acknowledged(
  interaction:
    | ChatInputCommandInteraction
    | MessageContextMenuCommandInteraction
    | MessageComponentInteraction
    | ModalSubmitInteraction,
  respond: () => Promise<unknown>,
): Promise<boolean> {
  try {
    // Whether a call that broke off was taken, another one tells.
    await respond().catch((error: unknown) => {
      if (error instanceof DiscordAPIError) throw error;
      return respond();
    });
    return true;
  } catch (error) {
    if (!(error instanceof DiscordAPIError)) throw error;
    if (error.code === Code.InteractionHasAlreadyBeenAcknowledged) {
      // Discord took it, and its answer got lost; or the interaction was delivered twice, which does nothing twice.
      interaction.deferred = true;
      return true;
    }
    if (error.code !== Code.UnknownInteraction) throw error;
    const { client, channelId, user } = interaction;
    if (channelId === null) throw error;
    const what = interaction.isChatInputCommand()
      ? `/${interaction.commandName}`
      : interaction.isContextMenuCommand()
        ? interaction.commandName
        : 'what you pressed';
    await client.rest.post(Routes.channelMessages(channelId), {
      body: {
        content: `<@${user.id}> ${what} reached me too late for Discord to take an answer. Nothing of it was done; please ask again.`,
        allowed_mentions: { parse: [], users: [user.id] },
      },
    });
    return false;
  }
}
