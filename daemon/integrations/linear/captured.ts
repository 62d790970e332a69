import { fail } from '../../../contracts/errors.ts';
import { plural } from '../../../contracts/units.ts';
import type { Conversation, Spoken } from '../../ports/door.ts';
import type { Captured } from '../../ports/linear.ts';
import { block, cut, oneLine } from '../../text.ts';
import { iso } from '../../time.ts';
import { withoutParts } from './seams.ts';
import { inCode, plain, quote, titleOf } from './words.ts';

type Clean = (text: string) => string;

/** Characters of what was captured, of each message before it, and of an issue's text; its record has 64 KiB. */
const WORDS = 3000;
const EACH = 1000;
const WHOLE = 11_500;

export interface CapturedDraft {
  title: string;
  body: string;
  /** For people: what is missing from it, and what lets it be read. */
  missing: string | undefined;
}

/** Throws CAPTURE_NOTHING. */
export function draftOf(what: Captured, clean: Clean): CapturedDraft {
  const { text, context, by, via } = what;
  const conversation = what.conversation && withoutParts(what.conversation, clean);
  const own = text.trim() !== '';
  const said = own ? text : saidIn(conversation);
  if (said === '') throw fail('CAPTURE_NOTHING', { why: nothingIn(conversation) });
  // What is secret is hidden before anything is escaped or cut: afterwards it would not be found.
  const lines = clean(said).split('\n');
  const shown = conversation && cleaned(conversation, clean);
  const chosen = shown?.chosen;
  const head = [
    ...(own ? [quote(clean(text), WORDS)] : []),
    ...(shown === undefined || chosen === undefined ? [] : [message(chosen, WORDS, shown)]),
    ...(shown?.url === undefined || chosen !== undefined ? [] : [`[Where it was said](${shown.url})`]),
    ...(context === '' ? [] : ['**Said before**', quote(clean(context), WORDS)]),
  ];
  const foot = `📌 Captured by ${by} (${oneLine(via, 100)}) with Reeve. A draft: nobody has looked at it yet.`;
  const room = WHOLE - [...head, foot].join('\n\n').length;
  const { parts, missing } = shown === undefined ? { parts: [], missing: undefined } : around(shown, room);
  return {
    title: titleOf(lines.find((line) => line.trim() !== '') ?? ''),
    body: cut([...head, ...parts, foot].join('\n\n'), 12_000),
    missing,
  };
}

/** What was said around it, as much as there is room for, the newest first; and what is missing, and why. */
function around(shown: Conversation, room: number): { parts: string[]; missing: string | undefined } {
  const { before, thread, chosen } = shown;
  const kept: string[] = [];
  let left = room - 500;
  // Whatever else has no room: what a thread is about is said at its beginning.
  const first = thread ? before.slice(0, 1).map((said) => message(said, EACH, shown)) : [];
  for (const text of first) left -= text.length + 2;
  for (const said of before.slice(first.length).toReversed()) {
    const text = message(said, EACH, shown);
    left -= text.length + 2;
    if (left < 0) break;
    kept.unshift(text);
  }
  kept.unshift(...first);
  const missing = missingOf({ ...shown, left: shown.left + before.length - kept.length });
  const title = thread ? 'The thread' : chosen === undefined ? 'Said there' : 'Said before';
  return {
    parts: [
      ...(kept.length === 0 ? [] : [`**${title}** (${plural(kept.length, 'message')})`, ...kept]),
      ...(missing === undefined ? [] : [`Not here: ${missing}.`]),
    ],
    missing,
  };
}

/** Who said it and when, and what. A name is what somebody calls themselves; the id, and the person where one is known, is who. */
function message(
  said: Spoken,
  max: number,
  { platform, chosen, url }: Pick<Conversation, 'platform' | 'chosen' | 'url'>,
): string {
  const { person, name, account, bot, edited, at, files, text } = said;
  const facts = [
    [
      ...(person === undefined ? [] : [`**${person}**`]),
      ...(name === '' ? [] : [plain(oneLine(name, 80))]),
      `(${platform} ${inCode(account)}${bot ? ', a bot' : ''})`,
    ].join(' '),
    iso(at),
    ...(edited ? ['changed later'] : []),
    ...(files.length === 0
      ? []
      : [`attached: ${files.map((file) => inCode(oneLine(file, 100))).join(', ')}`]),
    ...(said === chosen && url !== undefined ? [`[the message](${url})`] : []),
  ];
  return [facts.join(' · '), ...(text.trim() === '' ? [] : [quote(text, max)])].join('\n');
}

/** For people; undefined: nothing is. */
function missingOf({ thread, withheld, left, more, unread }: Conversation): string | undefined {
  const parts = [
    ...(left > 0
      ? [`${plural(left, thread ? 'message' : 'earlier message')}, for want of room`]
      : more
        ? [thread ? 'other messages of the thread' : 'what was said earlier']
        : []),
    ...(withheld > 0
      ? [
          `${plural(withheld, 'message')} whose text Discord keeps from the bot (Message Content Intent is switched off for it)`,
        ]
      : []),
    ...(unread === undefined || (unread.why === 'intent' && withheld > 0)
      ? []
      : [UNREAD[unread.why](unread)]),
  ];
  return parts.length === 0 ? undefined : parts.join('; ');
}

type Unread = NonNullable<Conversation['unread']>;
const UNREAD: Record<Unread['why'], (unread: Unread) => string> = {
  intent: () => 'texts that Discord keeps from the bot (Message Content Intent is switched off for it)',
  access: () =>
    'what was said before, since the bot may not read this channel (invite it, and let it see the history)',
  scope: (unread) =>
    `what was said before, since the bot lacks the scope ${unread.why === 'scope' ? oneLine(unread.scope, 100) : ''} (add it and install the app again)`,
  limit: () => 'what was said before, since the platform let the bot read no more just then',
  failed: (unread) =>
    `what was said before, which the platform did not give (${unread.why === 'failed' ? oneLine(unread.with, 100) : ''})`,
};

function nothingIn(conversation: Conversation | undefined): string {
  if (conversation === undefined) return 'No text was given';
  const missing = missingOf(conversation);
  return `The bot found nothing that was said here lately${missing === undefined ? '' : `; not read: ${missing}`}`;
}

/** Whose words a capture without words of its own keeps. */
const saidIn = (conversation: Conversation | undefined): string => {
  if (conversation?.chosen !== undefined) return named(conversation.chosen);
  const said = conversation?.before.filter((one) => named(one) !== '') ?? [];
  // Rather a person than the card that a bot made of an answer.
  const newest = said.findLast(({ bot }) => !bot) ?? said.at(-1);
  return newest === undefined ? '' : named(newest);
};

const named = ({ text, files }: Spoken): string => (text.trim() === '' ? files.join(', ') : text.trim());

function cleaned(conversation: Conversation, clean: Clean): Conversation {
  const one = (said: Spoken): Spoken => ({
    ...said,
    text: block(clean(said.text), 40_000),
    name: clean(said.name),
    files: said.files.map(clean),
  });
  const { chosen, before } = conversation;
  return {
    ...conversation,
    ...(chosen === undefined ? {} : { chosen: one(chosen) }),
    before: before.map(one),
  };
}
