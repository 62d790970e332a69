import {
  MessageFlags,
  Routes,
  type AutocompleteInteraction,
  type BaseInteraction,
  type ChatInputCommandInteraction,
  type Interaction,
  type MessageComponentInteraction,
  type MessageContextMenuCommandInteraction,
  type ModalSubmitInteraction,
} from 'discord.js';
import type { Catalogue } from '../../contracts/catalogue.ts';
import type { ChatAnswer, ChatAsk, ChatButton, ChatFrom, Suggestion } from '../../contracts/chat.ts';
import { ReeveError, fail, type ErrorResponse } from '../../contracts/errors.ts';
import { askOf, leafAt, suggestAsk, type Filled } from '../dispatch/ask.ts';
import type { Pace } from '../dispatch/editor.ts';
import { helpOf, suggestionsOf } from '../dispatch/help.ts';
import { discordMarkup } from '../dispatch/markup/discord.ts';
import type { CommandTree } from '../dispatch/tree.ts';
import { replyInChat } from '../dispatch/typed.ts';
import { DISCORD_VIEW, replyView, viewOf, type Shown, type View } from '../dispatch/view.ts';
import { relayed, relayedWith } from '../link/ask.ts';
import { Refused, type Daemon } from '../link/client.ts';
import { acknowledged } from './acknowledge.ts';
import { fromMenu, fromOf } from './from.ts';
import { modalOf, payloadOf, pressOf } from './payload.ts';

export interface Desk {
  daemon: Daemon;
  pace: Pace;
  /** What is registered now. */
  commands(): { catalogue: Catalogue; tree: CommandTree };
}

/** One interaction: acknowledge, ask, show. Rejects only when Discord itself did not take the answer. */
export async function handle(desk: Desk, interaction: Interaction): Promise<void> {
  if (interaction.isAutocomplete()) return complete(desk, interaction);
  if (interaction.isChatInputCommand()) return command(desk, interaction);
  if (interaction.isMessageContextMenuCommand()) return menu(desk, interaction);
  if (interaction.isModalSubmit() || interaction.isMessageComponent()) return press(desk, interaction);
}

async function command(desk: Desk, interaction: ChatInputCommandInteraction): Promise<void> {
  const flags = MessageFlags.Ephemeral;
  if (!(await acknowledged(interaction, () => interaction.deferReply({ flags })))) return;
  const path = [
    interaction.commandName,
    interaction.options.getSubcommandGroup(false),
    interaction.options.getSubcommand(false),
  ].filter((word) => word !== null);
  const answer = await answered(desk, interaction, async () => {
    const { catalogue, tree } = desk.commands();
    const asked = askOf(catalogue, tree, path, filledOf(interaction));
    if (asked.kind !== 'help') return asked;
    const mine = await relayed(
      desk.daemon,
      { from: fromOf(interaction), ask: { kind: 'catalogue' } },
      desk.pace,
    );
    if (mine.kind === 'read')
      throw fail('INTERNAL', { why: 'an unexpected answer', log: 'the daemon’s log' });
    return mine.kind === 'catalogue' ? helpOf(mine.catalogue, asked.topic, 'discord') : mine;
  });
  await interaction.editReply(payloadOf(answer.view, answer.buttons));
  // What a job does is told by its own message; whatever else was changed is for everybody there.
  if (answer.everybody) await tellAll(interaction, answer.view);
}

/** An entry in the menu of a message: Discord hands that message over, whatever else the bot may read. */
async function menu(desk: Desk, interaction: MessageContextMenuCommandInteraction): Promise<void> {
  const flags = MessageFlags.Ephemeral;
  if (!(await acknowledged(interaction, () => interaction.deferReply({ flags })))) return;
  const from = fromMenu(interaction);
  const answer = await answered(
    desk,
    interaction,
    async () => {
      const name = interaction.commandName;
      const command = desk.commands().tree.menu.find((entry) => entry.name === name)?.command;
      if (command === undefined)
        throw fail('COMMAND_UNKNOWN', { name: name.slice(0, 100), suggestion: 'See `/reeve help`.' });
      return { kind: 'command', command };
    },
    from,
  );
  await interaction.editReply(payloadOf(answer.view, answer.buttons));
  if (answer.everybody) await tellAll(interaction, answer.view);
  const { channelId, targetId, client } = interaction;
  if (answer.mark === undefined || channelId === null) return;
  const route = Routes.channelMessageOwnReaction(channelId, targetId, encodeURIComponent(answer.mark));
  // Where the bot may not react it is captured all the same.
  await client.rest.put(route).catch(() => undefined);
}

async function press(
  desk: Desk,
  interaction: MessageComponentInteraction | ModalSubmitInteraction,
): Promise<void> {
  const { id, field } = pressOf(interaction.customId);
  if (interaction.isMessageComponent() && field !== undefined) {
    await acknowledged(interaction, () => interaction.showModal(modalOf(interaction.customId, field)));
    return;
  }
  const own = interaction.message?.flags.has(MessageFlags.Ephemeral) ?? false;
  // A card stays as it is for the others; what one person is shown goes on in its own message.
  const taken = await acknowledged(interaction, () =>
    own && (interaction.isMessageComponent() || interaction.isFromMessage())
      ? interaction.deferUpdate()
      : interaction.deferReply({ flags: MessageFlags.Ephemeral }),
  );
  if (!taken) return;
  const said =
    interaction.isModalSubmit() && field !== undefined
      ? interaction.fields.getTextInputValue(field)
      : undefined;
  const answer = await answered(desk, interaction, () =>
    Promise.resolve({
      kind: 'press',
      id,
      ...(said === undefined || field === undefined ? {} : { [field]: said }),
    }),
  );
  // After a slip the plan and its button stay, to be tried again.
  const slip = answer.error !== undefined && !answer.error.code.startsWith('PRESS_');
  if (own && slip) await interaction.followUp({ ...payloadOf(answer.view), flags: MessageFlags.Ephemeral });
  else await interaction.editReply(payloadOf(answer.view, answer.buttons));
  if (answer.everybody) await tellAll(interaction, answer.view);
}

/** What everybody there reads needs no copy for who asked. */
async function tellAll(
  interaction:
    | ChatInputCommandInteraction
    | MessageContextMenuCommandInteraction
    | MessageComponentInteraction
    | ModalSubmitInteraction,
  view: View,
): Promise<void> {
  await interaction.followUp(payloadOf(view));
  // One that stays is only a copy.
  await interaction.deleteReply().catch(() => undefined);
}

interface Answer {
  view: View;
  buttons: readonly ChatButton[];
  everybody: boolean;
  error?: ErrorResponse | undefined;
  /** For the chosen message. */
  mark?: string | undefined;
}

/** Asks, and makes one view of whatever comes: an answer, help, a refusal here or there. */
async function answered(
  { daemon, pace, commands }: Desk,
  interaction: BaseInteraction,
  ask: () => Promise<ChatAsk | Exclude<ChatAnswer, { kind: 'read' }> | Shown>,
  from: ChatFrom = fromOf(interaction),
): Promise<Answer> {
  try {
    const asked = await ask();
    if (!('kind' in asked))
      return { view: viewOf(asked, discordMarkup, DISCORD_VIEW), buttons: [], everybody: false };
    const answer =
      'reply' in asked || 'suggestions' in asked || 'catalogue' in asked
        ? asked
        : await relayedWith(daemon, { from, ask: asked }, pace, async (wanted) => {
            const { conversationAt } = await import('./history.ts');
            return conversationAt(interaction, wanted);
          });
    if (answer.kind !== 'reply')
      throw fail('INTERNAL', { why: 'an unexpected answer', log: 'the daemon’s log' });
    const { reply, buttons, audience, repeated, mark } = answer;
    return {
      view: replyView(replyInChat(reply, commands().catalogue), discordMarkup, DISCORD_VIEW),
      buttons,
      everybody: audience === 'channel' && reply.job === undefined && !repeated,
      error: reply.error,
      mark,
    };
  } catch (error) {
    const response = refusalOf(error);
    if (response === undefined) throw error;
    const { message, hint, code } = response;
    const shown: Shown = {
      tone: 'bad',
      title: message,
      blocks: [
        { type: 'hint', text: hint },
        { type: 'fields', fields: [{ label: 'Code', value: code }] },
      ],
    };
    return {
      view: viewOf(shown, discordMarkup, DISCORD_VIEW),
      buttons: [],
      everybody: false,
      error: response,
    };
  }
}

function refusalOf(error: unknown): ErrorResponse | undefined {
  if (error instanceof ReeveError) return error.toResponse();
  return error instanceof Refused ? error.response : undefined;
}

/** Never restricts what is sent; without an answer in time there simply are no suggestions. */
async function complete({ daemon, commands }: Desk, interaction: AutocompleteInteraction): Promise<void> {
  const { catalogue, tree } = commands();
  const path = [
    interaction.commandName,
    interaction.options.getSubcommandGroup(false),
    interaction.options.getSubcommand(false),
  ].filter((word) => word !== null);
  const focused = interaction.options.getFocused(true);
  const option = leafAt(tree, path)?.options.find(({ name }) => name === focused.name);
  if (option === undefined) return interaction.respond([]);
  const ask = suggestAsk(option, focused.value, filledOf(interaction));
  const from = fromOf(interaction);
  let suggestions: Suggestion[];
  try {
    const answer = await daemon.relay({ from, ask: ask ?? { kind: 'catalogue', typing: true } });
    if (answer.kind === 'suggestions') suggestions = answer.suggestions;
    else
      suggestions =
        answer.kind === 'catalogue'
          ? suggestionsOf(catalogueFor(answer.catalogue, catalogue), option, focused.value)
          : [];
  } catch {
    suggestions = [];
  }
  await interaction.respond(suggestions.map(({ label, value }) => ({ name: label, value })));
}

/** What this person may use, of what there is. */
const catalogueFor = (mine: Catalogue, all: Catalogue): Catalogue => ({
  ...all,
  commands: all.commands.filter(({ name }) => mine.commands.some((spec) => spec.name === name)),
});

/** The options as they were filled in, without the words that name the command. */
function filledOf(interaction: ChatInputCommandInteraction | AutocompleteInteraction): Filled {
  const filled: Record<string, string | number | boolean> = {};
  let options = interaction.options.data;
  while (options[0]?.options !== undefined) options = options[0].options;
  for (const { name, value } of options) if (value !== undefined) filled[name] = value;
  return filled;
}
