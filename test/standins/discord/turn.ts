import {
  MessageFlags,
  type APIApplicationCommandOptionChoice,
  type APIModalInteractionResponseCallbackData,
} from 'discord-api-types/v10';
import type { Changes } from '../platform/changes.ts';
import type { Interaction } from './interactions.ts';
import type { Message } from './world.ts';

/** What one thing that a person did led to, as the person sees it. */
export class Turn {
  readonly interaction: Interaction;
  readonly #changes: Changes;

  constructor(interaction: Interaction, changes: Changes) {
    this.interaction = interaction;
    this.#changes = changes;
  }

  /** Resolves with the first response or with Discord's notice. */
  async answered(): Promise<this> {
    await this.#changes.until(
      () => this.interaction.state !== 'waiting',
      'a first response to the interaction',
    );
    return this;
  }

  /** What Discord itself says when no response came in time. */
  get notice(): string | undefined {
    return this.interaction.state === 'failed' ? 'The application did not respond' : undefined;
  }

  /** "… is thinking": a deferred response without its message. */
  get thinking(): boolean {
    return ((this.message?.flags ?? 0) & MessageFlags.Loading) !== 0;
  }

  /** The message of the response: the own one, or that of the button. */
  get message(): Message | undefined {
    return this.interaction.original;
  }

  get modal(): APIModalInteractionResponseCallbackData | undefined {
    return this.interaction.modal;
  }

  get choices(): APIApplicationCommandOptionChoice[] | undefined {
    return this.interaction.choices;
  }

  get followups(): readonly Message[] {
    return this.interaction.followups;
  }

  /** Only this person sees the response. */
  get ephemeral(): boolean {
    return this.message?.ephemeralFor !== undefined;
  }

  /** The response once it is there (no longer "thinking"), and passes `good` when given. */
  reply(good: (message: Message) => boolean = () => true): Promise<Message> {
    return this.#changes.until(() => {
      const { message } = this;
      return message !== undefined && !this.thinking && good(message) ? message : undefined;
    }, 'a reply to the interaction');
  }

  /** The nth follow-up, from 1. */
  followup(nth = 1): Promise<Message> {
    return this.#changes.until(() => this.followups[nth - 1], `follow-up ${nth}`);
  }
}
