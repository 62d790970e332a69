import type { StatusView } from '../../contracts/api.ts';
import { fail } from '../../contracts/errors.ts';
import type { JsonObject } from '../../contracts/json.ts';
import { Problem } from '../io/problem.ts';
import { showReply } from '../render/reply.ts';
import type { Context } from '../run.ts';
import { readStatus } from '../status.ts';
import { loadDoctor } from './bridge.ts';

/** 0: all is well. 1: something is wrong. 4: nothing is, but not all could be looked at. */
export async function doctor({ terminal, home }: Context, args: JsonObject): Promise<number> {
  const { config } = args;
  const reply = await (
    await loadDoctor()
  ).doctor({
    home,
    env: process.env,
    ...(typeof config === 'string' ? { config } : {}),
    status: () => daemonStatus(home),
  });
  const { ok, data } = reply;
  if (terminal.globals.json) terminal.document({ ok, command: 'doctor', data });
  else showReply(terminal, reply);
  if (reply.tone === 'bad') return 1;
  return ok ? 0 : 4;
}

/** What the daemon says of itself; what hinders that has the words that every other command has for it. */
export const daemonStatus = (home: string): Promise<StatusView> =>
  readStatus(home).catch((error: unknown) => {
    throw error instanceof Problem ? fail(error.code, error.params, { cause: error }) : error;
  });
