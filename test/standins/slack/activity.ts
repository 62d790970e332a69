import type { Moment } from '../platform/clock.ts';
import type { App, Channel, Message, Modal } from './world.ts';

/** An app has to acknowledge within this, ms. */
export const ACK_WITHIN = 3_000;
/** A trigger_id can be used once, within this, ms. */
export const TRIGGER_LIVES = 3_000;
/** A response_url can be used for this long, ms, and so many times. */
export const RESPONSE_URL_LIVES = 30 * 60_000;
export const RESPONSE_URL_USES = 5;

export type Kind =
  | 'slash_commands'
  | 'block_actions'
  | 'block_suggestion'
  | 'view_submission'
  | 'view_closed'
  | 'shortcut'
  | 'message_action';

/** One thing a person did, and what became of it. */
export interface Activity {
  id: string;
  kind: Kind;
  app: App;
  userId: string;
  channel?: Channel;
  command?: string;
  createdAt: number;
  began: Moment;
  /** `failed`: the person reads Slack's own notice. */
  state: 'waiting' | 'answered' | 'failed';
  /** What was in the acknowledgement. */
  ack?: Record<string, unknown>;
  /** Acknowledgements after the first, or too late. */
  lateAcks: number;
  /** The message or modal that was acted on. */
  source?: Message;
  on?: Modal;
  /** The modal that was opened, pushed or updated in answer. */
  modal?: Modal;
  /** Messages by acknowledgement or response_url. */
  responses: Message[];
  /** For a suggestion: what the menu offers. */
  options?: { text: string; value: string }[];
  triggerId: string;
  triggerUsed: boolean;
  responseUrl: string;
  responseUrlUses: number;
}
