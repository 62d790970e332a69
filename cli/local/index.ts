import type { JsonObject } from '../../contracts/json.ts';
import type { Reply } from '../../contracts/reply.ts';
import { harmless } from '../io/harmless.ts';
import type { Options } from '../program.ts';
import type { Context } from '../run.ts';
import type { LocalName } from '../specs.ts';
import type { LocalIo } from './bridge.ts';

/** Runs a command of the CLI's own. Rejects what goes wrong. */
export async function runLocal(
  context: Context,
  name: LocalName,
  args: JsonObject,
  options: Options,
): Promise<number> {
  switch (name) {
    case 'up':
      return (await import('./up.ts')).up(context, args);
    case 'demo': {
      const { loadDemo } = await import('./bridge.ts');
      return (await loadDemo()).demo(await ioOf(context));
    }
    case 'doctor':
      return (await import('./doctor.ts')).doctor(context, args);
    case 'status':
      return status(context);
    case 'open':
      return (await import('./open.ts')).openPage(context, args);
    case 'completion':
      return (await import('../completion/scripts.ts')).printScript(
        context,
        typeof args['shell'] === 'string' ? args['shell'] : '',
      );
    case 'key new':
    case 'key public':
      return (await import('./key.ts')).key(context, name, args);
    case 'approve':
    case 'deny':
      return (await import('./decide.ts')).decide(context, name, args, options);
    default:
      return (await import('./ledger.ts')).ledger(context, name, args, options);
  }
}

async function status(context: Context): Promise<number> {
  const { readStatus } = await import('../status.ts');
  const view = await readStatus(context.home);
  const { version } = await import('../io/home.ts');
  if (context.terminal.globals.json) context.terminal.document({ ok: true, command: 'status', data: view });
  else (await import('../render/status.ts')).showStatus(context.terminal, view, version());
  return 0;
}

/** With --json every reply is a document of its own, since there is more than one. */
async function ioOf({ terminal }: Context): Promise<LocalIo> {
  const { showReply } = await import('../render/reply.ts');
  return {
    reply: (reply: Pick<Reply, 'tone' | 'title' | 'blocks'> & Partial<Reply>) =>
      terminal.globals.json
        ? terminal.document({
            ok: reply.ok ?? true,
            command: reply.command ?? 'up',
            data: reply.data ?? null,
          })
        : showReply(terminal, reply),
    note: (text) => {
      if (!terminal.globals.quiet) terminal.err(terminal.style('dim', harmless(text), 'err'));
    },
  };
}
