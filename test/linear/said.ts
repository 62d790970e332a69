import type { Conversation, Spoken } from '../../daemon/ports/door.ts';

let n = 0;
/** A message, each a second after the one before. */
export const said = (text: string, account = 'ana'): Spoken => ({
  id: String(++n),
  at: n * 1000,
  account,
  place: 'T1',
  name: account,
  bot: false,
  edited: false,
  text,
  files: [],
});
/** What a bot read. */
export const conversation = (
  before: Spoken[],
  chosen?: Spoken,
  more: Partial<Conversation> = {},
): Conversation => ({
  platform: 'slack',
  key: 'k',
  ...(chosen === undefined ? {} : { chosen }),
  thread: false,
  before,
  withheld: 0,
  left: 0,
  more: false,
  ...more,
});
