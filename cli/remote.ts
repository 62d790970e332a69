import type { CommandRequest } from '../contracts/api.ts';
import type { CommandSpec } from '../contracts/catalogue.ts';
import type { ErrorResponse } from '../contracts/errors.ts';
import type { JsonObject } from '../contracts/json.ts';
import type { Reply } from '../contracts/reply.ts';
import { askConfirmation, askReason } from './confirm.ts';
import { Problem } from './io/problem.ts';
import type { Options } from './program.ts';
import { exitOf, responseOf, showError } from './render/problem.ts';
import { showReply } from './render/reply.ts';
import { Terminal } from './io/terminal.ts';
import type { Context } from './run.ts';
import { send } from './send.ts';

/** Sends a command to the daemon, asks what it asks, follows what it starts. */
export async function runRemote(
  context: Context,
  spec: CommandSpec,
  args: JsonObject,
  options: Options,
): Promise<number> {
  const { terminal } = context;
  const request: CommandRequest = {
    command: spec.name,
    args,
    force: options.force === true,
    // A command with a dry run of its own only shows its plan, too, unless it is to run without a question.
    dry_run: options.dryRun === true && !(args['dry_run'] === true && options.force === true),
    interactive: terminal.asks,
    // One for each command line, so that an answer that got lost can be asked for again.
    ...(spec.kind === 'read' ? {} : { nonce: options.nonce ?? crypto.randomUUID() }),
    ...(options.reason === undefined ? {} : { reason: options.reason }),
    ...(options.confirm === undefined ? {} : { confirm: options.confirm }),
    ...(options.typed === undefined ? {} : { typed: options.typed }),
    ...(options.preauthGrant === undefined ? {} : { grant: options.preauthGrant }),
  };
  const reply = await admit(context, request);
  return conclude(context, reply, options, spec.kind === 'read');
}

/** Sends, and sends again with what was missing as long as a person can be asked for it. */
async function admit(context: Context, request: CommandRequest): Promise<Reply> {
  const { terminal } = context;
  const reply = await send(context, request);
  if (reply.error?.code === 'REASON_REQUIRED' && request.reason === undefined && terminal.asks) {
    const reason = await askReason(request.command);
    return reason === undefined ? reply : admit(context, { ...request, reason });
  }
  if (reply.confirm === undefined || terminal.globals.json || request.dry_run === true) return reply;
  // Unabridged: what is confirmed is what was shown.
  showReply(new Terminal({ ...terminal.globals, wide: true, quiet: false }), reply);
  const typed = await askConfirmation(terminal, request.command, reply.confirm);
  const { digest } = reply.confirm;
  return admit(context, { ...request, confirm: digest, ...(typed === undefined ? {} : { typed }) });
}

async function conclude(context: Context, reply: Reply, options: Options, reading: boolean): Promise<number> {
  const { terminal } = context;
  const follow = reply.job !== undefined && (options.follow ?? reply.job.follow);
  if (terminal.globals.json) return document(context, reply, follow);
  if (reply.error !== undefined) {
    if (reply.blocks.length > 0) showReply(terminal, reply);
    showError(terminal, reply.error);
    return exitOf(reply.error);
  }
  if (options.output !== undefined) {
    const { saveFile } = await import('./output.ts');
    await saveFile(context, reply, options.output);
  } else if (!(reading && follow)) showReply(terminal, reply);
  if (reply.job === undefined || !reply.ok) return reply.ok ? 0 : 1;
  if (!follow) {
    if (!terminal.globals.quiet)
      terminal.err(terminal.style('dim', `  → reeve jobs logs -f ${reply.job.id}`, 'err'));
    return 0;
  }
  // A read that goes on (`jobs logs -f`) shows the log from its beginning; anything else shows the steps it started.
  const { followJob } = await import('./follow/follow.ts');
  if (!reading) terminal.out('');
  return (await followJob(context, reply.job.id, reading ? 'log' : 'steps')).exit;
}

/** The one document: after the job's end when it is followed. */
async function document(context: Context, reply: Reply, follow: boolean): Promise<number> {
  const { terminal } = context;
  const { command, data, confirm } = reply;
  let { ok } = reply;
  let error: ErrorResponse | undefined = reply.error;
  if (confirm !== undefined && error === undefined) {
    error = responseOf(new Problem('CONFIRMATION_REQUIRED', { action: command, digest: confirm.digest }));
    ok = false;
  }
  let exit = error === undefined ? (ok ? 0 : 1) : exitOf(error);
  let job: JsonObject | undefined = reply.job === undefined ? undefined : { id: reply.job.id };
  if (reply.job !== undefined && follow && ok) {
    const { followJob } = await import('./follow/follow.ts');
    const end = await followJob(context, reply.job.id, 'steps');
    exit = end.exit;
    ok = end.exit === 0;
    job = end.job;
  }
  terminal.document({
    ok,
    command,
    data,
    ...(confirm === undefined ? {} : { confirm }),
    ...(job === undefined ? {} : { job }),
    ...(error === undefined ? {} : { error }),
  });
  return exit;
}
