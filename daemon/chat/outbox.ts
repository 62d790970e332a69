import type { ChatButton, ChatPost, ChatPosted, Platform } from '../../contracts/chat.ts';
import type { ChatSpec, ChatTopic } from '../../contracts/estate/chat.ts';
import type { LedgerRecord } from '../../contracts/record.ts';
import { own } from '../own.ts';
import { cut } from '../text.ts';
import type { Card, CardSource } from './cards/card.ts';
import { sources } from './cards/index.ts';
import { cleaned } from './clean.ts';
import type { ChatDeps } from './deps.ts';
import { buttonOf, type Offers } from './offers.ts';
import { PARTS, chatProjection, type Bot, type ChatState } from './projection.ts';

/** Posts handed out at once. */
const AT_ONCE = 10;
/** Records looked at in one go. */
const BATCH = 500;

const bySource = new Map<string, CardSource>(
  sources.flatMap((source) => source.types.map((type) => [type, source] as const)),
);

/** Topics that are told only where the estate names a channel for them. */
const ONLY_NAMED: ReadonlySet<ChatTopic> = new Set(['heads', 'reports']);

/**
 * What is still to be said on a platform: a function of the ledger behind the bot's cursor, which stands in the ledger
 * itself. So a bot that crashed misses nothing, and what it said once is not said again.
 */
export class Outbox {
  readonly #deps: ChatDeps;
  readonly #offers: Offers;
  /** Records before this one hold nothing for the platform: only a shortcut, forgotten at a restart. */
  readonly #looked: Partial<Record<Platform, number>> = {};

  constructor(deps: ChatDeps, offers: Offers) {
    this.#deps = deps;
    this.#offers = offers;
  }

  #state(): ChatState {
    return this.#deps.state.get(chatProjection);
  }

  /** Whether a record may be something to say. */
  static speaks(record: LedgerRecord): boolean {
    return bySource.has(record.type);
  }

  async next(platform: Platform, most = AT_ONCE): Promise<ChatPost[]> {
    const { ledger } = this.#deps;
    const posts: ChatPost[] = [];
    const bot = this.#state().bots[platform];
    if (bot === undefined) return posts;
    const cursor = bot.cursor;
    let at = Math.max(Math.floor((cursor + 1) / PARTS), this.#looked[platform] ?? 0);
    while (posts.length < most && at < ledger.head().size) {
      const from = at;
      for await (const record of ledger.read(from, { limit: BATCH })) {
        posts.push(...(await this.#postsOf(platform, record, cursor)));
        if (posts.length >= most) break;
        at = record.seq + 1;
      }
      if (posts.length === 0) this.#looked[platform] = at;
      if (at === from) break;
    }
    return posts.slice(0, most);
  }

  async settle(platform: Platform, { seq, outcome }: ChatPosted): Promise<void> {
    const bot = this.#state().bots[platform];
    if (bot === undefined || seq <= bot.cursor) return;
    const [post] = await this.next(platform, 1);
    // Only what comes next can be settled: whatever is passed over would never be said.
    if (post?.seq !== seq) return;
    const { ledger, warn } = this.#deps;
    if (outcome.is === 'given_up') warn(`a post on ${platform} was given up`, outcome.why);
    await ledger.append('chat.posted', {
      platform,
      seq,
      ...(outcome.is === 'sent'
        ? { at: outcome.at }
        : { ...this.#lost(platform, post), why: cut(this.#deps.clean(outcome.why), 500) }),
      ...(post.job === undefined ? {} : { job: post.job }),
    });
    if (outcome.is === 'sent')
      await this.#anchored(platform, seq, `${outcome.at.channel}/${outcome.at.message}`);
  }

  /** The channel that is to be mended: one of the estate. A message that was deleted, or a place that was asked from, is none. */
  #lost(platform: Platform, { edit, channel }: ChatPost): { channel?: string } {
    const { channels = {} } = this.#deps.config.current().config.chat[platform] ?? {};
    const named = Object.values(channels).includes(channel);
    return edit === undefined && named ? { channel } : {};
  }

  /** A head that was posted is kept outside of this machine. */
  async #anchored(platform: Platform, post: number, where: string): Promise<void> {
    const { ledger } = this.#deps;
    for await (const { type, body } of ledger.read(Math.floor(post / PARTS), { limit: 1 }))
      if (type === 'chat.head') {
        const { size, root } = body;
        await ledger.append('ledger.anchored', { size, root, where: `${platform}:${where}` });
      }
  }

  async #postsOf(platform: Platform, record: LedgerRecord, cursor: number): Promise<ChatPost[]> {
    const source = bySource.get(record.type);
    if (source === undefined || (record.seq + 1) * PARTS - 1 <= cursor) return [];
    const cards = await Promise.resolve(source.cards(record, this.#deps)).catch((error: unknown) => {
      // A plan whose artifact is gone, say: the rest must still be told.
      this.#deps.warn(`record ${record.seq} (${record.type}) was not told in chat`, error);
      return [];
    });
    const posts = [];
    for (const [part, card] of cards.slice(0, PARTS).entries()) {
      const seq = record.seq * PARTS + part;
      if (seq <= cursor) continue;
      const post = await this.#post(platform, seq, card);
      if (post !== undefined) posts.push(post);
    }
    return posts;
  }

  async #post(platform: Platform, seq: number, card: Card): Promise<ChatPost | undefined> {
    const { chat } = this.#deps.config.current().config;
    const bot = this.#state().bots[platform];
    const channel = this.#channel(chat, platform, card);
    if (bot === undefined || channel === undefined) return undefined;
    const edit = card.changes === undefined ? undefined : this.#sent(bot, card.changes);
    if (card.changes !== undefined && edit === undefined) return undefined;
    const shown = { title: card.title, blocks: card.blocks };
    return {
      seq,
      topic: card.topic,
      channel: edit?.channel ?? channel,
      ...(edit === undefined ? {} : { edit }),
      mention: (card.call ?? []).flatMap((person) => this.#accounts(platform, person)).slice(0, 20),
      tone: card.tone,
      ...cleaned({ ...shown, title: cut(shown.title, 300) }, this.#deps.clean),
      buttons: await this.#buttons(seq, card),
      ...(card.picture === undefined ? {} : { picture: cleaned(card.picture, this.#deps.clean) }),
      ...(card.thread === undefined ? {} : { thread: cut(this.#deps.clean(card.thread), 100) }),
      ...(card.job === undefined ? {} : { job: card.job }),
    };
  }

  #channel(chat: ChatSpec, platform: Platform, { topic, where }: Card): string | undefined {
    if (where !== undefined) {
      if (!where.startsWith(`${platform}/`)) return undefined;
      return own(this.#state().asked.by, where)?.channel;
    }
    const channels: Record<string, string | undefined> | undefined = chat[platform]?.channels;
    return channels?.[topic] ?? (ONLY_NAMED.has(topic) ? undefined : channels?.['default']);
  }

  /** The message in which the record with this name was told: the first part of its posts. */
  #sent(bot: Bot, name: string): Bot['live'][string] | undefined {
    const seq = own(this.#state().opened.by, name);
    return seq === undefined ? undefined : own(bot.sent.by, String(seq * PARTS));
  }

  #accounts(platform: Platform, person: string): string[] {
    const { people, chat } = this.#deps.config.current().config;
    const accounts = own(people, person)?.[platform] ?? [];
    if (platform === 'discord') return accounts;
    const team = `${chat.slack?.team ?? ''}/`;
    return accounts.filter((id) => id.startsWith(team)).map((id) => id.slice(team.length));
  }

  async #buttons(post: number, { button }: Card): Promise<ChatButton[]> {
    if (button === undefined || button.for.length === 0) return [];
    const there = this.#offers.of(post);
    if (there.length > 0) return there.map((offer) => buttonOf(offer, button.tone));
    return [await this.#offers.make({ ...button, post })];
  }
}
