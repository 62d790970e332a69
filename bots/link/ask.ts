import type { ChatAnswer, ChatRelay } from '../../contracts/chat.ts';
import { fail } from '../../contracts/errors.ts';
import type { Pace } from '../dispatch/editor.ts';
import { Unreachable, type Daemon } from './client.ts';
import { backOff } from './pace.ts';

/** How often a command is sent to a daemon that does not answer: it restarts in seconds. */
const TRIES = 6;

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
