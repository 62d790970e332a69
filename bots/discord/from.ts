import type { BaseInteraction, MessageContextMenuCommandInteraction } from 'discord.js';
import type { ChatFrom } from '../../contracts/chat.ts';

/** Who asked, as Discord says it. What of this is allowed is for the daemon to say. */
export const fromOf = (interaction: BaseInteraction): ChatFrom => ({
  place: interaction.guildId,
  application: interaction.applicationId,
  account: interaction.user.id,
  // Discord delivers none for a few kinds of direct conversations; those are refused anyway.
  channel: interaction.channelId ?? interaction.user.id,
  interaction: interaction.id,
  bot: interaction.user.bot,
});

/** The same of a message's menu: what somebody changed afterwards is not what others have read. The bot changes its own all the time. */
export const fromMenu = (interaction: MessageContextMenuCommandInteraction): ChatFrom => {
  const { editedTimestamp, author } = interaction.targetMessage;
  return {
    ...fromOf(interaction),
    edited: editedTimestamp !== null && author.id !== interaction.applicationId,
  };
};
