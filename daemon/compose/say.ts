import type { Platform } from '../../contracts/chat.ts';
import { fail } from '../../contracts/errors.ts';
import type { RecordBody } from '../../contracts/record.ts';
import { PARTS, chatProjection } from '../chat/projection.ts';
import { own } from '../own.ts';
import type { Ledger } from '../ports/ledger.ts';
import type { StateView } from '../ports/state.ts';

/**
 * Says something in chat: once, however often it is tried under the same id. Resolves when a bot has posted it. Rejects
 * CHAT_NOT_CONFIGURED while no bot relays, CHAT_UNSAID when every bot gave it up, and with the signal's reason.
 */
export function sayInChat(ledger: Ledger, state: StateView) {
  return async (said: RecordBody<'chat.said'>, signal: AbortSignal): Promise<void> => {
    const before = own(state.get(chatProjection).opened.by, `said:${said.message}`);
    if (before === undefined && Object.keys(state.get(chatProjection).bots).length === 0)
      throw fail('CHAT_NOT_CONFIGURED', { platform: 'bot that relays' });
    const seq = before ?? (await ledger.append('chat.said', said)).record.seq;
    await untilSaid({ ledger, state }, seq, ['discord', 'slack'], signal);
  };
}

/** Resolves when one of these bots has posted what the record says. Rejects CHAT_UNSAID when each gave it up. */
export function untilSaid(
  { ledger, state }: { ledger: Pick<Ledger, 'subscribe'>; state: StateView },
  seq: number,
  platforms: readonly Platform[],
  signal: AbortSignal,
): Promise<void> {
  return new Promise<void>((resolve, reject) => {
    const look = (): void => {
      const all = state.get(chatProjection).bots;
      const bots = platforms.flatMap((platform) => all[platform] ?? []);
      const post = seq * PARTS;
      const posted = bots.some((bot) => own(bot.sent.by, String(post)) !== undefined);
      const over = bots.length > 0 && bots.every((bot) => bot.cursor >= post);
      if (!posted && !over && !signal.aborted) return;
      stop();
      signal.removeEventListener('abort', look);
      if (posted) resolve();
      else if (over) reject(fail('CHAT_UNSAID'));
      else reject(signal.reason as Error);
    };
    const stop = ledger.subscribe(({ type }) => {
      if (type === 'chat.posted' || type === 'chat.bot_removed') look();
    });
    signal.addEventListener('abort', look, { once: true });
    look();
  });
}
