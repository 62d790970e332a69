import { createHash } from 'node:crypto';
import type { ChatButton, ChatMessage, ChatPost } from '../../contracts/chat.ts';
import type { View } from '../dispatch/view.ts';
import { GivenUp, filesMissing, type Messenger } from '../link/messenger.ts';
import { contentOf } from './blocks.ts';
import { describe, isForever, isTokenTrouble, wordOf } from './failures.ts';
import { shareIn } from './files.ts';
import type { Log } from './log.ts';
import type { Wires } from './respond.ts';

const EVENT = 'reeve_post';
/** How far back a message of ours is looked for, s, and among how many. */
const LOOK_BACK = 24 * 3600;
const LOOK_AT = 200;

/** The bot's own messages, by its token: nothing of them expires. */
export class SlackMessenger implements Messenger {
  readonly #wires: Wires;
  readonly #log: Log;
  readonly #refused: (error: unknown) => void;
  /** Whether the next post was sent already is unknown: this bot may have died just after, or Slack's answer got lost. */
  #unsure = true;

  /** `refused`: Slack does not take the bot token (any more). */
  constructor(wires: Wires, log: Log, refused: (error: unknown) => void) {
    this.#wires = wires;
    this.#log = log;
    this.#refused = refused;
  }

  async send(post: ChatPost, view: View): Promise<ChatMessage> {
    const { client, lanes } = this.#wires;
    const { channel } = post;
    const key = keyOf(post);
    const before = this.#unsure ? await this.#sent(channel, key) : undefined;
    this.#unsure = true;
    const message =
      before ??
      (
        await this.#try(() =>
          lanes.run(channel, () =>
            client.chat.postMessage({
              channel,
              ...contentOf(view, post),
              metadata: { event_type: EVENT, event_payload: { key } },
            }),
          ),
        )
      ).ts;
    if (message === undefined) throw new Error('Slack named no message');
    const at = { channel, message };
    await this.#share(at, view, post);
    this.#unsure = false;
    return at;
  }

  async change(at: ChatMessage, view: View, buttons: readonly ChatButton[]): Promise<void> {
    await this.#update(at, view, { buttons });
    await this.#share(at, view, { buttons });
  }

  async #update(at: ChatMessage, view: View, more: Parameters<typeof contentOf>[1]): Promise<void> {
    const { client, lanes } = this.#wires;
    const content = contentOf(view, more);
    await this.#try(() => lanes.run(at.channel, () => client.chat.update({ ...where(at), ...content })));
  }

  /** Files, once, into the thread of the message. A message is worth something without them: it then says what is missing. */
  async #share(at: ChatMessage, view: View, more: Parameters<typeof contentOf>[1]): Promise<void> {
    const { files } = view;
    if (files.length === 0) return;
    const { client, lanes } = this.#wires;
    try {
      const replies = await lanes
        .run(at.channel, () => client.conversations.replies({ ...where(at), limit: 50 }))
        .catch(() => undefined);
      // A try before this one has put them there already.
      const there = new Set(
        replies?.messages?.flatMap((reply) => (reply.files ?? []).map(({ name }) => name)),
      );
      const left = files.filter(({ name }) => !there.has(name));
      if (left.length > 0) await shareIn(this.#wires, { channel: at.channel, thread: at.message }, left);
    } catch (error) {
      this.#log('warn', 'a file did not get into the thread of its message', describe(error));
      await this.#update(at, filesMissing(view, `Slack: ${describe(error)}`), more);
    }
  }

  /** The message with this key, when it was sent before: Slack itself knows no key against doubles. */
  async #sent(channel: string, key: string): Promise<string | undefined> {
    const { client, lanes, pace } = this.#wires;
    try {
      const { messages = [] } = await lanes.run(channel, () =>
        client.conversations.history({
          channel,
          limit: LOOK_AT,
          oldest: String(Math.floor(pace.now() / 1000) - LOOK_BACK),
          include_all_metadata: true,
        }),
      );
      return messages.find(({ metadata }) => {
        const payload = Object.entries(metadata?.event_payload ?? {});
        return metadata?.event_type === EVENT && payload.some(([name, own]) => name === 'key' && own === key);
      })?.ts;
    } catch (error) {
      // Without an answer it would come twice; without a channel or a right it cannot be known.
      if (!isForever(error) && wordOf(error) !== 'missing_scope') throw error;
      this.#log('warn', 'cannot look whether a message was sent already; it may come twice', describe(error));
      return undefined;
    }
  }

  async #try<T>(call: () => Promise<T>): Promise<T> {
    try {
      return await call();
    } catch (error) {
      if (isForever(error)) throw new GivenUp(`Slack: ${describe(error)}`, error);
      if (isTokenTrouble(error)) this.#refused(error);
      throw error;
    }
  }
}

const where = ({ channel, message }: ChatMessage): { channel: string; ts: string } => ({
  channel,
  ts: message,
});

/** The same in every try of one post, and another for the same number in another ledger. */
export function keyOf({ seq, topic, title, job, buttons }: ChatPost): string {
  const about = JSON.stringify([topic, title, job ?? '', buttons.map(({ id }) => id)]);
  return `reeve-${seq}-${createHash('sha256').update(about).digest('hex').slice(0, 16)}`;
}
