import { randomBytes } from 'node:crypto';
import {
  InteractionResponseType as R,
  InteractionType as I,
  MessageFlags,
  type APIApplicationCommandOptionChoice,
  type APIModalInteractionResponseCallbackData,
} from 'discord-api-types/v10';
import type { UploadedFile } from '../platform/multipart.ts';
import {
  alreadyAcknowledged,
  invalidForm,
  invalidWebhookToken,
  unknownInteraction,
  unknownMessage,
  unknownWebhook,
} from './errors.ts';
import { choiceProblems, modalProblems } from './limits.ts';
import type { Body, Draft, Messages } from './messages.ts';
import type { Judge } from './validate.ts';
import type { App, Channel, Message, World } from './world.ts';

/** A first response has to arrive within this, ms. */
export const RESPOND_WITHIN = 3_000;
/** A token can be used for this long, ms. */
export const TOKEN_LIVES = 15 * 60_000;

export interface Interaction {
  id: string;
  token: string;
  app: App;
  type: I;
  userId: string;
  guildId?: string;
  channelId: string;
  createdAt: number;
  /** The message whose component was used. */
  message?: Message;
  /** `failed`: the person reads "The application did not respond". */
  state: 'waiting' | 'answered' | 'failed';
  response?: R;
  /** The message that `@original` means. */
  original?: Message;
  followups: Message[];
  modal?: APIModalInteractionResponseCallbackData;
  choices?: APIApplicationCommandOptionChoice[];
  /** How many times a response was tried after it was too late, or again. */
  refusedAcks: number;
}

const ALLOWED: Record<number, R[]> = {
  [I.ApplicationCommand]: [R.ChannelMessageWithSource, R.DeferredChannelMessageWithSource, R.Modal],
  [I.MessageComponent]: [
    R.ChannelMessageWithSource,
    R.DeferredChannelMessageWithSource,
    R.DeferredMessageUpdate,
    R.UpdateMessage,
    R.Modal,
  ],
  [I.ApplicationCommandAutocomplete]: [R.ApplicationCommandAutocompleteResult],
  [I.ModalSubmit]: [
    R.ChannelMessageWithSource,
    R.DeferredChannelMessageWithSource,
    R.DeferredMessageUpdate,
    R.UpdateMessage,
  ],
};

/** Interactions and what became of them. */
export class Interactions {
  readonly all = new Map<string, Interaction>();
  readonly #world: World;
  readonly #messages: Messages;
  readonly #judge: Judge;

  constructor(world: World, messages: Messages, judge: Judge) {
    this.#world = world;
    this.#messages = messages;
    this.#judge = judge;
  }

  open(
    from: Pick<Interaction, 'app' | 'type' | 'userId' | 'channelId' | 'guildId' | 'message'>,
  ): Interaction {
    const interaction: Interaction = {
      ...from,
      id: this.#world.id(),
      token: randomBytes(96).toString('base64url'),
      createdAt: this.#world.clock.now(),
      state: 'waiting',
      followups: [],
      refusedAcks: 0,
    };
    this.all.set(interaction.id, interaction);
    this.#world.clock.after(RESPOND_WITHIN, () => {
      if (interaction.state === 'waiting') interaction.state = 'failed';
      this.#world.changes.happened();
    });
    return interaction;
  }

  /** The first response: 10062 when unknown or late, 40060 when there was one. */
  respond(id: string, token: string, body: Body, files: UploadedFile[]): Interaction {
    const interaction = this.all.get(id);
    if (interaction?.token !== token) throw unknownInteraction();
    if (interaction.state !== 'waiting') {
      interaction.refusedAcks += 1;
      throw interaction.state === 'answered' ? alreadyAcknowledged() : unknownInteraction();
    }
    const call = `POST /interactions/${id}/callback`;
    const type = body['type'] as R;
    if (!ALLOWED[interaction.type]?.includes(type))
      // The wording of this refusal is not known for sure; the code is.
      this.#judge.refuse(
        call,
        body,
        invalidForm([
          {
            path: ['type'],
            code: 'BASE_TYPE_CHOICES',
            message: 'Not a response to this type of interaction',
          },
        ]),
      );
    this.#apply(interaction, type, { call, type: 'Callback', body, files });
    interaction.response = type;
    interaction.state = 'answered';
    this.#world.changes.happened();
    return interaction;
  }

  /** The interaction that a webhook token stands for: 50027 when it is over or wrong, 10015 while there was no response. */
  byToken(appId: string, token: string): Interaction {
    const interaction = [...this.all.values()].find((one) => one.token === token && one.app.id === appId);
    if (interaction === undefined || interaction.createdAt + TOKEN_LIVES <= this.#world.clock.now())
      throw invalidWebhookToken();
    if (interaction.state !== 'answered') throw unknownWebhook();
    return interaction;
  }

  /** `@original` or a follow-up of this interaction. */
  messageOf(interaction: Interaction, id: string): Message {
    const mine = [interaction.original, ...interaction.followups];
    const message = id === '@original' ? interaction.original : mine.find((one) => one?.id === id);
    if (message === undefined || message.deletedAt !== undefined) throw unknownMessage();
    return message;
  }

  /** A follow-up; after a deferred response the first one takes the place of the "thinking …" message. */
  followUp(interaction: Interaction, draft: Draft): Message {
    const { original } = interaction;
    if (
      original !== undefined &&
      original.deletedAt === undefined &&
      (original.flags & MessageFlags.Loading) !== 0
    )
      return this.#messages.edit(original, draft);
    const message = this.#write(interaction, draft);
    interaction.followups.push(message);
    this.#world.changes.happened();
    return message;
  }

  #apply(interaction: Interaction, type: R, draft: Draft): void {
    const data = (draft.body['data'] ?? {}) as Body;
    // What was judged as a callback is judged once more as a message, which costs nothing.
    const inner: Draft = { ...draft, type: 'Followup', body: data };
    if (type === R.Modal) {
      this.#judge.check(draft.call, 'Callback', draft.body, modalProblems(data));
      interaction.modal = data as unknown as APIModalInteractionResponseCallbackData;
    } else if (type === R.ApplicationCommandAutocompleteResult) {
      this.#judge.check(
        draft.call,
        'Callback',
        draft.body,
        choiceProblems(data['choices'], ['data', 'choices']),
      );
      interaction.choices = (data['choices'] ?? []) as APIApplicationCommandOptionChoice[];
    } else if (type === R.ChannelMessageWithSource) {
      this.#messages.check(draft);
      interaction.original = this.#write(interaction, inner);
    } else if (type === R.DeferredChannelMessageWithSource) {
      this.#judge.check(draft.call, 'Callback', draft.body);
      interaction.original = this.#write(
        interaction,
        { ...inner, body: { flags: data['flags'] ?? 0 } },
        MessageFlags.Loading,
      );
    } else {
      const { message } = interaction;
      if (message === undefined || message.deletedAt !== undefined) throw unknownMessage();
      interaction.original = message;
      if (type === R.UpdateMessage) {
        this.#messages.check(draft);
        this.#messages.edit(message, inner);
      }
    }
  }

  #write(interaction: Interaction, draft: Draft, more = 0): Message {
    const channel = this.#world.channels.get(interaction.channelId) as Channel;
    const flags = (draft.body['flags'] ?? 0) as number;
    return this.#messages.send(channel, interaction.app.id, draft, {
      flags: more,
      applicationId: interaction.app.id,
      interaction: { id: interaction.id, type: interaction.type, userId: interaction.userId },
      ...((flags & MessageFlags.Ephemeral) === 0 ? {} : { ephemeralFor: interaction.userId }),
    });
  }
}
