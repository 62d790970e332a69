import { resolve } from 'node:path';
import type { JsonObject } from '../../contracts/json.ts';
import { Problem, usage } from '../io/problem.ts';
import { unreachable } from '../io/unreachable.ts';
import { harmless } from '../io/harmless.ts';
import { socketPath } from '../io/home.ts';
import { notReeve, open } from '../io/http.ts';
import { messages } from '../follow/sse.ts';
import type { Options } from '../program.ts';
import { stamp } from '../io/units.ts';
import { exitOf, showError } from '../render/problem.ts';
import { ProgressLine } from '../render/progress.ts';
import { showReply } from '../render/reply.ts';
import type { Context } from '../run.ts';
import { loadOffline, type LedgerCommand, type LedgerOptions } from './bridge.ts';

/** The ledger commands: they read the files themselves, so they need no daemon and trust none. */
export async function ledger(
  context: Context,
  name: string,
  args: JsonObject,
  options: Options,
): Promise<number> {
  const command = name.replace('ledger ', '') as LedgerCommand;
  if (command === 'prove' && args['seq'] === undefined && args['since'] === undefined)
    throw usage('ledger prove needs a record or --since SIZE', 'For example: reeve ledger prove 12');
  const { terminal } = context;
  const progress = new ProgressLine(terminal, 'Verifying');
  const onProgress = progress.update.bind(progress);
  const asked = { ...ledgerOptions(context.home, args), onProgress };
  const reply = await (await loadOffline()).offlineLedger(command, asked).finally(() => progress.clear());
  const error = reply.error;
  const exit = error === undefined ? (reply.ok ? 0 : 1) : exitOf(error);
  if (terminal.globals.json) {
    const { ok, data } = reply;
    terminal.document({ ok, command: name, data, ...(error === undefined ? {} : { error }) });
    return exit;
  }
  if (options.output !== undefined && error === undefined) {
    await (await import('../output.ts')).saveFile(context, reply, options.output);
    return exit;
  }
  if (raw(command) && error === undefined) printRaw(context, reply.blocks);
  else showReply(terminal, reply);
  if (error !== undefined) showError(terminal, error);
  if (command === 'tail' && options.follow === true && exit === 0) return follow(context, args);
  return exit;
}

/** Signed notes and proofs are files: into a pipe they go byte for byte. */
const raw = (command: LedgerCommand): boolean =>
  (command === 'prove' || command === 'checkpoint') && !process.stdout.isTTY;

function printRaw(
  { terminal }: Context,
  blocks: readonly { type: string; text?: string | undefined }[],
): void {
  const file = blocks.find((b) => (b.type === 'file' || b.type === 'code') && b.text !== undefined);
  terminal.out((file?.text ?? '').replace(/\n$/, ''));
}

function ledgerOptions(home: string, args: JsonObject): LedgerOptions {
  const { dir, keys, anchored, lines, type, seq, since } = args;
  return {
    home,
    ...(typeof dir === 'string' ? { dir: resolve(dir) } : {}),
    ...(Array.isArray(keys) ? { keys: keys.map(String) } : {}),
    ...(typeof anchored === 'string' ? { anchor: parseAnchor(anchored) } : {}),
    ...(typeof lines === 'number' ? { lines } : {}),
    ...(typeof type === 'string' ? { type } : {}),
    ...(typeof seq === 'number' ? { seq } : {}),
    ...(typeof since === 'number' ? { since } : {}),
  };
}

function parseAnchor(text: string): { size: number; root: string } {
  const match = /^(\d{1,15}):(?:sha256:)?([0-9a-f]{64})$/.exec(text);
  if (match === null)
    throw usage(
      '--anchored takes SIZE:ROOT, with the root as 64 hex digits',
      '`reeve ledger checkpoint` prints both.',
    );
  return { size: Number(match[1]), root: match[2] ?? '' };
}

/** New records as the daemon writes them, until Ctrl-C. */
async function follow({ terminal, home }: Context, args: JsonObject): Promise<number> {
  const socket = socketPath(home);
  const stream = await open(socket, { path: '/v1/events?logs=no', timeout: 0 });
  if (stream.status !== 200) throw notReeve(socket, `HTTP ${stream.status}`);
  let left = false;
  process.once('SIGINT', () => {
    left = true;
    stream.close();
  });
  try {
    for await (const { event } of messages(stream.body)) {
      if (event?.event !== 'record') continue;
      if (typeof args['type'] === 'string' && event.type !== args['type']) continue;
      const at = terminal.dim(stamp(event.ts, Date.now(), terminal.globals.wide));
      terminal.out(`${at}  ${event.seq}  ${harmless(event.type)}  ${harmless(JSON.stringify(event.body))}`);
    }
  } catch (error) {
    if (!left) throw unreachable(socket, error);
  }
  if (!left)
    throw new Problem('DAEMON_UNREACHABLE', { where: socket }, ['It stopped while its ledger was watched.']);
  return 0;
}
