import type { ChatMessage, Platform } from '../../contracts/chat.ts';
import type { LedgerRecord, RecordBody } from '../../contracts/record.ts';
import { own } from '../own.ts';
import type { Projection } from '../ports/state.ts';

export interface Bot {
  credential: string;
  by: string;
  at: number;
  /** The post settled last; what comes after it is still to be said. */
  cursor: number;
  /** Newest messages by the post they came from. */
  sent: Bounded<ChatMessage>;
  /** Live messages whose end is not shown yet, by job. */
  live: Record<string, ChatMessage>;
  /** Newest message that was noted, by the message whose thread it was written in. */
  heard: Bounded<string>;
}
export interface Asked {
  person: string;
  account: string;
  channel: string;
  command: string;
  answered?: { ok: boolean; title: string; job?: string; request?: string };
}
export type Offer = RecordBody<'chat.offered'> & { pressed?: { by: string; interaction: string } };

/** The newest by key; counted, since counting keys takes long. */
export interface Bounded<T> {
  size: number;
  by: Record<string, T>;
}

export interface ChatState {
  bots: Partial<Record<Platform, Bot>>;
  /** The newest interactions that may have done something. */
  asked: Bounded<Asked>;
  offers: Bounded<Offer>;
  /** `request:<id>`, `review:<id>`, `incident:<id>`, `said:<id>` → seq of the record that opened it. */
  opened: Bounded<number>;
  /** Request → the interaction that asked for it. */
  requests: Bounded<string>;
}

/** How much is remembered: duplicates come within minutes, buttons live for hours, cards are changed for days. */
const MAX = { asked: 5000, offers: 5000, opened: 2000, requests: 2000, sent: 1000, heard: 1000 } as const;
/** An expired button is still known for a day, so that pressing it says so. */
const AFTERWARDS = 86_400_000;

/** Posts of one record; the id of a post is the record's seq times this, plus its place among them. */
export const PARTS = 4;

export const chatProjection: Projection<ChatState> = {
  name: 'chat',
  version: 3,
  initial: () => ({ bots: {}, asked: none(), offers: none(), opened: none(), requests: none() }),
  apply(state, record) {
    const fold = folds[record.type] as ((state: ChatState, record: LedgerRecord) => void) | undefined;
    fold?.(state, record);
    return state;
  },
};

const NOTE = 'note';

/** The interaction that a message in the thread below another one is. */
export const noteOf = (platform: Platform, thread: string, message: string): string =>
  `${platform}/${NOTE}/${thread}/${message}`;

/** Of two ids of messages of one platform: both count time in digits of which the later has as many or more. */
export const isNewer = (one: string, other: string): boolean =>
  one.length === other.length ? one > other : one.length > other.length;

type Folds = { [T in LedgerRecord['type']]?: (state: ChatState, record: LedgerRecord<T>) => void };

const folds: Folds = {
  'chat.bot_enrolled'(state, { seq, ts, body: { platform, credential, by } }) {
    const before = state.bots[platform];
    // A bot that is new hears of nothing that was before it; one with a new credential goes on where it was.
    state.bots[platform] = {
      cursor: (seq + 1) * PARTS - 1,
      sent: none(),
      live: {},
      heard: none(),
      ...before,
      credential,
      by,
      at: ts,
    };
  },
  'chat.bot_removed'(state, { body }) {
    delete state.bots[body.platform];
  },
  'chat.relayed'(state, { body: { interaction, ...asked } }) {
    put(state.asked, interaction, asked, MAX.asked);
  },
  'chat.answered'(state, { body: { interaction, ...answered } }) {
    const asked = own(state.asked.by, interaction);
    if (asked !== undefined) asked.answered = answered;
    // Where it was asked, not where it was withdrawn.
    if (answered.request !== undefined && own(state.requests.by, answered.request) === undefined)
      put(state.requests, answered.request, interaction, MAX.requests);
  },
  'chat.offered'(state, { ts, body }) {
    for (;;) {
      const id = oldestOf(state.offers);
      if (id === undefined || (state.offers.by[id]?.expires ?? 0) + AFTERWARDS > ts) break;
      dropOldest(state.offers);
    }
    put(state.offers, body.id, body, MAX.offers);
  },
  'chat.pressed'(state, { body: { id, by, interaction } }) {
    const offer = own(state.offers.by, id);
    if (offer !== undefined) offer.pressed ??= { by, interaction };
  },
  'chat.posted'(state, { body: { platform, seq, at, job } }) {
    const bot = state.bots[platform];
    if (bot === undefined) return;
    bot.cursor = Math.max(bot.cursor, seq);
    if (at === undefined) return;
    put(bot.sent, String(seq), at, MAX.sent);
    if (job !== undefined) bot.live[job] = at;
  },
  'chat.closed'(state, { body: { platform, job } }) {
    const bot = state.bots[platform];
    if (bot !== undefined) delete bot.live[job];
  },
  'grant.requested'(state, { seq, body }) {
    put(state.opened, `request:${body.id}`, seq, MAX.opened);
  },
  'review.opened'(state, { seq, body }) {
    put(state.opened, `review:${body.id}`, seq, MAX.opened);
  },
  'chat.said'(state, { seq, body }) {
    const key = `said:${body.message}`;
    if (own(state.opened.by, key) === undefined) put(state.opened, key, seq, MAX.opened);
  },
  'incident.noted'(state, { body: { interaction = '' } }) {
    const [platform, kind, thread, message] = interaction.split('/');
    if ((platform !== 'discord' && platform !== 'slack') || kind !== NOTE) return;
    const heard = state.bots[platform]?.heard;
    if (heard === undefined || thread === undefined || message === undefined) return;
    if (isNewer(message, own(heard.by, thread) ?? '')) put(heard, thread, message, MAX.heard);
  },
  'incident.opened'(state, { seq, body }) {
    put(state.opened, `incident:${body.id}`, seq, MAX.opened);
  },
};

const none = <T>(): Bounded<T> => ({ size: 0, by: {} });

/**
 * Keys in the order they came, of which those before `from` are gone: the first key of an object is found by listing all of
 * them. No part of the state: made anew from it where it is missing.
 */
const orders = new WeakMap<object, { keys: string[]; from: number }>();

function orderOf({ by }: Bounded<unknown>): { keys: string[]; from: number } {
  const known = orders.get(by);
  if (known !== undefined) return known;
  const made = { keys: Object.keys(by), from: 0 };
  orders.set(by, made);
  return made;
}

function oldestOf(of: Bounded<unknown>): string | undefined {
  const { keys, from } = orderOf(of);
  return keys[from];
}

/** Adds to the end; the oldest makes room. */
function put<T>(into: Bounded<T>, key: string, value: T, max: number): void {
  if (!Object.hasOwn(into.by, key)) {
    orderOf(into).keys.push(key);
    into.size += 1;
  }
  into.by[key] = value;
  if (into.size > max) dropOldest(into);
}

function dropOldest(from: Bounded<unknown>): void {
  const order = orderOf(from);
  const key = order.keys[order.from];
  if (key === undefined) return;
  delete from.by[key];
  from.size -= 1;
  order.from += 1;
  // Dropped from the front in bulk: one by one takes long.
  if (order.from > 1000) {
    order.keys.splice(0, order.from);
    order.from = 0;
  }
}
