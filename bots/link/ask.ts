import type { z } from 'zod';
import type { ChatConversation } from '../../contracts/chat-conversation.ts';
import type { ChatAnswer, ChatRelay } from '../../contracts/chat.ts';
import { fail } from '../../contracts/errors.ts';
import type { Pace } from '../dispatch/editor.ts';
import { Unreachable, type Daemon } from './client.ts';
import { backOff } from './pace.ts';

/** How often a command is sent to a daemon that does not answer: it restarts in seconds. */
const TRIES = 6;

/** Reads what was said where something is asked; says in what it reads what it may not. */
export type Read = (
  wanted: Extract<ChatAnswer, { kind: 'read' }>,
) => Promise<z.input<typeof ChatConversation>>;

/**
 * Relays, and where the command is about what was said there once more with that. Rejects DAEMON_UNREACHABLE, Refused, and
 * as `read` does.
 */
export async function relayedWith(
  daemon: Pick<Daemon, 'relay'>,
  { from, ask }: ChatRelay,
  pace: Pace,
  read: Read,
): Promise<ChatAnswer> {
  const answer = await relayed(daemon, { from, ask }, pace);
  if (answer.kind !== 'read' || ask.kind !== 'command') return answer;
  const conversation = fitting(await read(answer));
  return relayed(daemon, { from, ask: { ...ask, conversation } }, pace);
}

/** Characters of one conversation: far more than anybody is shown of it, and less than the daemon takes. */
const MAX_WORDS = 300_000;

/** Without the earliest messages, where all of them are too long. */
function fitting(whole: z.input<typeof ChatConversation>): z.input<typeof ChatConversation> {
  let left = MAX_WORDS;
  const messages = whole.messages
    .toReversed()
    .filter(({ id, text }) => (left -= text?.length ?? 0) >= 0 || id === whole.chosen)
    .toReversed();
  return messages.length === whole.messages.length ? whole : { ...whole, messages, more: true };
}

/**
 * Relays, again when the answer was lost: an interaction does its thing once however often it arrives. Rejects
 * DAEMON_UNREACHABLE, Refused.
 */
export async function relayed(
  daemon: Pick<Daemon, 'relay'>,
  relay: ChatRelay,
  pace: Pace,
): Promise<ChatAnswer> {
  for (let tries = 1; ; tries++) {
    try {
      return await daemon.relay(relay);
    } catch (error) {
      if (!(error instanceof Unreachable)) throw error;
      if (tries === TRIES) throw fail('DAEMON_UNREACHABLE', { where: 'its address' }, { cause: error });
      await pace.sleep(backOff(tries));
    }
  }
}
