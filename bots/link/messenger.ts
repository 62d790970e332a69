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

/** The view when the platform did not take its files: which are missing stands there instead. */
export function filesMissing(view: View, why: string): View {
  const names = view.files.map(({ name }) => name).join(', ');
  const note = [view.note, `Without ${names}: ${why}.`].filter((text) => text !== undefined).join(' ');
  return { ...view, files: [], note };
}
