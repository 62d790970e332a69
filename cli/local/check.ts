import { showReply } from '../render/reply.ts';
import type { Context } from '../run.ts';
import { loadCheck } from './bridge.ts';

/** `config check` where no daemon runs: whoever is refused a start by a mistake needs it most. */
export async function checkOffline({ terminal }: Context): Promise<number> {
  const reply = await (await loadCheck()).offlineCheck();
  const { ok, command, data } = reply;
  if (terminal.globals.json) terminal.document({ ok, command, data });
  else showReply(terminal, reply);
  return ok ? 0 : 1;
}
