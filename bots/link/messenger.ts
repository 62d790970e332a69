import type { ChatButton, ChatMessage, ChatPost } from '../../contracts/chat.ts';
import type { View } from '../dispatch/view.ts';

/** The platform will never take it: no such channel or message, no permission. Any other failure is worth another try. */
export class GivenUp extends Error {
  constructor(why: string, cause?: unknown) {
    super(why, { cause });
    this.name = 'GivenUp';
  }
}

/** How an adapter writes messages of its own. Both reject GivenUp for good, and anything else for now. */
export interface Messenger {
  send(post: ChatPost, view: View): Promise<ChatMessage>;
  /** All of the message is replaced; files only where there are some. */
  change(at: ChatMessage, view: View, buttons: readonly ChatButton[]): Promise<void>;
}
