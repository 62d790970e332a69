import { fail } from '../../contracts/errors.ts';
import { PARTS, chatProjection } from '../chat/projection.ts';
import { toHex } from '../ledger/merkle.ts';
import { parseCheckpoint } from '../ledger/note.ts';
import type { Config } from '../ports/config.ts';
import type { Ledger } from '../ports/ledger.ts';
import type { StateView } from '../ports/state.ts';
import type { StepServices } from '../ports/steps.ts';
import { untilSaid } from './say.ts';

/** Rejects CHAT_NOT_CONFIGURED where no bot relays that has a channel `heads`, CHAT_UNSAID, and with the signal's reason. */
export async function postHead(
  { ledger, state, config }: { ledger: Ledger; state: StateView; config: Pick<Config, 'current'> },
  { signal }: Parameters<StepServices['head']>[0],
): ReturnType<StepServices['head']> {
  const { chat } = config.current().config;
  const { bots } = state.get(chatProjection);
  const wanted = (['discord', 'slack'] as const).filter(
    (platform) => bots[platform] !== undefined && chat[platform]?.channels.heads !== undefined,
  );
  if (wanted.length === 0) throw fail('CHAT_NOT_CONFIGURED', { platform: 'bot with a channel `heads`' });
  const note = await ledger.checkpoint();
  const signed = parseCheckpoint(note);
  if (signed === undefined) throw new Error('the ledger signed what is no checkpoint');
  const head = { size: signed.size, root: toHex(signed.root) };
  const { record } = await ledger.append('chat.head', { ...head, note });
  await untilSaid({ ledger, state }, record.seq, wanted, signal);
  const where = wanted.flatMap((platform) => {
    const at = state.get(chatProjection).bots[platform]?.sent.by[String(record.seq * PARTS)];
    return at === undefined ? [] : [`${platform}:${at.channel}/${at.message}`];
  });
  return { ...head, where };
}
