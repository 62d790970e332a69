import type { z } from 'zod';
import type { ChatConversation, ChatSaid } from '../../contracts/chat-conversation.ts';
import type { ChatFrom, Platform } from '../../contracts/chat.ts';
import type { Conversation, Spoken } from '../ports/door.ts';
import type { Identify } from './who.ts';

/** What a bot read, cut to what was asked of it, with the people in it that are known. */
export function conversationOf(
  { thread, chosen, url, messages, more, unread }: ChatConversation,
  context: {
    platform: Platform;
    from: Pick<z.output<typeof ChatFrom>, 'place' | 'channel' | 'interaction'>;
    bounds: { messages: number; within: number };
    now: number;
    identify: Identify;
  },
): Conversation {
  const { platform, from, bounds, now, identify } = context;
  const sorted = messages.toSorted((a, b) => a.at - b.at);
  const about = sorted.find(({ id }) => id === chosen);
  const since = (about?.at ?? now) - bounds.within;
  const near = sorted.filter(
    (one) => one !== about && (thread || (one.at >= since && one.at <= (about?.at ?? Infinity))),
  );
  const rest = about === undefined ? bounds.messages : bounds.messages - 1;
  const kept = near.slice(Math.max(0, near.length - rest));
  const readable = kept.flatMap((one) => spoken(one, platform, identify) ?? []);
  const said = about === undefined ? undefined : spoken(about, platform, identify);
  return {
    platform,
    // Of one message there is one conversation, whoever chooses it and however often.
    key: [platform, from.place ?? '', from.channel, chosen ?? from.interaction].join('/'),
    ...(said === undefined ? {} : { chosen: said }),
    ...(url === undefined ? {} : { url }),
    thread,
    before: readable,
    withheld: kept.length - readable.length + (about !== undefined && said === undefined ? 1 : 0),
    left: near.length - kept.length,
    more: more && (thread || (sorted[0]?.at ?? 0) >= since),
    ...(unread === undefined ? {} : { unread }),
  };
}

function spoken(said: ChatSaid, platform: Platform, identify: Identify): Spoken | undefined {
  const { text, name, files, place, account } = said;
  if (text === null) return undefined;
  const person = said.bot
    ? undefined
    : personOf(identify, { kind: platform, id: platform === 'slack' ? `${place}/${account}` : account });
  return {
    ...said,
    // No record can hold half a character.
    text: text.toWellFormed(),
    name: name.toWellFormed(),
    files: files.map((file) => file.toWellFormed()),
    ...(person === undefined ? {} : { person }),
  };
}

function personOf(identify: Identify, account: Parameters<Identify>[0]): string | undefined {
  try {
    return identify(account);
  } catch {
    return undefined;
  }
}
