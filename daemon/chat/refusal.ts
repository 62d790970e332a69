import type { ChatAnswer } from '../../contracts/chat.ts';
import { ReeveError, type ErrorResponse } from '../../contracts/errors.ts';
import type { Reply } from '../../contracts/reply.ts';
import type { Caller } from '../ports/door.ts';
import { cut } from '../text.ts';
import { cleaned } from './clean.ts';
import type { ChatDeps } from './deps.ts';
import type { Write } from './sparse.ts';

/** Who asked, as far as it is known. */
export type Asker = Pick<Caller, 'person' | 'via' | 'account'>;

/** A refusal as an answer, after its record; `record` says whether it gets one of its own. Rejects what is no refusal. */
export async function refusal(
  deps: Pick<ChatDeps, 'refused' | 'clean'>,
  { person, via, account }: Asker,
  command: string,
  error: unknown,
  record: (write: Write) => Promise<number | undefined> = (write) => write(1),
): Promise<Extract<ChatAnswer, { kind: 'reply' }>> {
  if (!(error instanceof ReeveError)) throw error;
  const response: ErrorResponse = error.toResponse();
  const seq = await record((count) =>
    deps.refused({ person, via, account }, count > 1 ? `${command} (${count} alike)` : command, response),
  );
  if (seq !== undefined) response.ledger_seq = seq;
  const reply: Reply = {
    v: 1,
    command: cut(command, 200),
    ok: false,
    tone: 'bad',
    title: error.message,
    blocks: [],
    data: null,
    error: response,
  };
  return {
    kind: 'reply',
    reply: cleaned(reply, deps.clean),
    buttons: [],
    audience: 'asker',
    repeated: false,
  };
}
