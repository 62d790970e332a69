import type { ChatAnswer } from '../../contracts/chat.ts';
import { ReeveError, type ErrorCode, type ErrorParams, type ErrorResponse } from '../../contracts/errors.ts';
import type { Reply } from '../../contracts/reply.ts';
import type { Caller } from '../ports/door.ts';
import { cut } from '../text.ts';
import { cleaned } from './clean.ts';
import type { ChatDeps } from './deps.ts';
import type { Write } from './sparse.ts';

/** Who asked, as far as it is known. */
export type Asker = Pick<Caller, 'person' | 'via' | 'account'>;

/** What to do next where a button stands for the flags of a terminal. */
const IN_CHAT: Partial<Record<ErrorCode, (params: ErrorParams) => string>> = {
  REASON_REQUIRED: () => 'Press the button again and say why.',
  CONFIRMATION_UNTYPED: ({ env }) => `Press the button again and type ${env}.`,
};

/** A refusal as an answer, after its record; `record` says whether it gets one of its own. Rejects what is no refusal. */
export async function refusal(
  deps: Pick<ChatDeps, 'refused' | 'clean'>,
  { person, via, account }: Asker,
  command: string,
  error: unknown,
  record: (write: Write) => Promise<number | undefined> = (write) => write(1),
): Promise<Extract<ChatAnswer, { kind: 'reply' }>> {
  if (!(error instanceof ReeveError)) throw error;
  const hint = IN_CHAT[error.code]?.(error.params);
  const response: ErrorResponse = { ...error.toResponse(), ...(hint === undefined ? {} : { hint }) };
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
