import type { Changes } from '../platform/changes.ts';
import type { Activity } from './activity.ts';
import type { Message, Modal } from './world.ts';

/** What one thing that a person did led to, as the person sees it. */
export class Turn {
  readonly activity: Activity;
  readonly #changes: Changes;

  constructor(activity: Activity, changes: Changes) {
    this.activity = activity;
    this.#changes = changes;
  }

  /** Resolves with the acknowledgement or with Slack's notice. */
  async answered(): Promise<this> {
    await this.#changes.until(() => this.activity.state !== 'waiting', 'an acknowledgement');
    return this;
  }

  /** What Slack itself says when no acknowledgement came in time. Its exact words change now and then. */
  get notice(): string | undefined {
    const { state, kind, command, on } = this.activity;
    if (state !== 'failed') return undefined;
    if (kind === 'slash_commands') return `${command} failed because the app did not respond`;
    return on === undefined ? 'This app is not responding' : 'We had some trouble connecting. Try again?';
  }

  /** Messages by acknowledgement or response_url. */
  get responses(): readonly Message[] {
    return this.activity.responses;
  }

  get message(): Message | undefined {
    return this.activity.source ?? this.responses[0];
  }

  get modal(): Modal | undefined {
    return this.activity.modal;
  }

  /** Below the fields of the modal, after a refused submission. */
  get errors(): Record<string, string> {
    return this.activity.on?.errors ?? {};
  }

  get options(): Activity['options'] {
    return this.activity.options;
  }

  /** The nth response, from 1. */
  response(nth = 1): Promise<Message> {
    return this.#changes.until(() => this.responses[nth - 1], `response ${nth}`);
  }

  /** The modal that opened in answer. */
  opened(): Promise<Modal> {
    return this.#changes.until(() => this.modal, 'a modal');
  }
}
