import { word, type Args } from './args.ts';
import type { KnownBlock } from '@slack/types';
import { SlackError } from './errors.ts';
import type { Judge } from './validate.ts';
import { contentOf, type App, type Channel, type Message, type World } from './world.ts';

/** Texts longer than this are cut when posted, and refused when updated. */
const MAX_POST = 40_000;
const MAX_UPDATE = 4_000;

/** Writes, edits and deletes messages. `told` hears of every change that an app may have subscribed to. */
export class Messages {
  told: (kind: 'message' | 'message_changed' | 'message_deleted', message: Message) => void = () => {};
  readonly #world: World;
  readonly #judge: Judge;

  constructor(world: World, judge: Judge) {
    this.#world = world;
    this.#judge = judge;
  }

  /** An app's message: judged, stored, announced. */
  send(call: string, app: App, channel: Channel, args: Args, more: Partial<Message> = {}): Message {
    this.#judge.message(call, args);
    const text = word(args['text']).slice(0, MAX_POST);
    const blocks = (args['blocks'] ?? []) as KnownBlock[];
    const attachments = (args['attachments'] ?? []) as Message['attachments'];
    if (text === '' && blocks.length === 0 && attachments.length === 0 && (more.files?.length ?? 0) === 0)
      this.#judge.refuse(call, args, new SlackError('no_text'));
    const threadTs = args['thread_ts'];
    const parent = typeof threadTs === 'string' ? this.#world.message(channel.id, threadTs) : undefined;
    return this.post({
      ts: this.#world.ts(),
      channelId: channel.id,
      userId: app.botUsers.get(channel.teamId) ?? '',
      appId: app.id,
      text,
      blocks: numbered(this.#world, blocks),
      attachments,
      files: [],
      history: [],
      reactions: new Map(),
      pinned: false,
      pings: pings(text, blocks, args),
      // A thread_ts of a message that is not there makes no thread: Slack posts to the channel then.
      ...(parent === undefined ? {} : { threadTs: parent.threadTs ?? parent.ts }),
      ...(args['metadata'] === undefined ? {} : { metadata: args['metadata'] }),
      ...more,
    });
  }

  post(message: Message): Message {
    this.#world.messages.push(message);
    const root =
      message.threadTs === undefined ? undefined : this.#world.message(message.channelId, message.threadTs);
    if (root !== undefined) root.threadTs ??= root.ts;
    if (message.ephemeralFor === undefined) this.told('message', message);
    this.#world.changes.happened();
    return message;
  }

  /** `chat.update` and `replace_original`: what is not named stays, but text alone takes the blocks away. */
  edit(call: string, message: Message, args: Args): Message {
    this.#judge.message(call, args);
    const text = args['text'] === undefined ? undefined : word(args['text']);
    if (text !== undefined && text.length > MAX_UPDATE && args['blocks'] === undefined)
      this.#judge.refuse(call, { text: `${text.length} characters` }, new SlackError('msg_too_long'));
    if (text === undefined && args['blocks'] === undefined && args['attachments'] === undefined)
      this.#judge.refuse(call, args, new SlackError('no_text'));
    message.history.push({ ...contentOf(message), until: this.#world.clock.now() });
    message.text = text ?? '';
    if (args['blocks'] !== undefined || text !== undefined)
      message.blocks = numbered(this.#world, (args['blocks'] ?? []) as KnownBlock[]);
    if (args['attachments'] !== undefined)
      message.attachments = args['attachments'] as Message['attachments'];
    message.editedAt = this.#world.clock.now();
    if (message.ephemeralFor === undefined) this.told('message_changed', message);
    this.#world.changes.happened();
    return message;
  }

  delete(message: Message): void {
    message.deletedAt = this.#world.clock.now();
    if (message.ephemeralFor === undefined) this.told('message_deleted', message);
    this.#world.changes.happened();
  }
}

/** Slack gives blocks and interactive elements without ids some of its own. */
function numbered(world: World, blocks: readonly KnownBlock[]): KnownBlock[] {
  return blocks.map((block) => ({ ...block, block_id: block.block_id ?? world.id('b').slice(1, 6) }));
}

/** Whom a new message notifies: escaped text does not, `<!channel>` and `<@U…>` in text or mrkdwn do. */
function pings(
  text: string,
  blocks: readonly KnownBlock[],
  { parse, link_names: linkNames }: Args,
): Message['pings'] {
  const texts = blocks.length > 0 ? [] : [text];
  const look = (node: unknown): void => {
    if (Array.isArray(node)) return node.forEach(look);
    if (typeof node !== 'object' || node === null) return;
    const { type, text: own, range } = node as Record<string, unknown>;
    if ((type === 'mrkdwn' || type === 'markdown') && typeof own === 'string') texts.push(own);
    if (type === 'broadcast') texts.push(`<!${String(range)}>`);
    if (type === 'user') texts.push(`<@${String((node as Args)['user_id'])}>`);
    Object.values(node).forEach(look);
  };
  look(blocks);
  const all = texts.join('\n');
  const loose = parse === 'full' || linkNames === true || linkNames === 'true';
  return {
    channel:
      /<!(channel|here|everyone)(\|[^>]*)?>/u.test(all) || (loose && /@(channel|here|everyone)\b/u.test(all)),
    users: [...new Set([...all.matchAll(/<@([UW]\w+)(\|[^>]*)?>/gu)].map(([, id]) => id as string))],
  };
}
