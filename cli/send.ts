import type { CommandRequest } from '../contracts/api.ts';
import { Reply } from '../contracts/reply.ts';
import { refusedBy } from './answer.ts';
import { call, notReeve } from './io/http.ts';
import { socketPath, version } from './io/home.ts';
import { Problem } from './io/problem.ts';
import type { Context } from './run.ts';

/** No command takes longer to answer; jobs are answered when they are queued. */
const PATIENCE = 600_000;

/** POST /v1/commands. A refusal is a Reply too; rejects only when there is no Reply to show. */
export async function send(context: Context, request: CommandRequest): Promise<Reply> {
  const path = socketPath(context.home);
  const { terminal } = context;
  const began = performance.now();
  if (terminal.globals.verbose) terminal.err(terminal.style('dim', `→ ${request.command} at ${path}`, 'err'));
  let answer;
  try {
    answer = await call(path, {
      method: 'POST',
      path: '/v1/commands',
      body: JSON.stringify(request),
      timeout: PATIENCE,
      tty: terminal.asks,
    });
  } catch (error) {
    throw repeatable(error, request);
  }
  if (terminal.globals.verbose)
    terminal.err(
      terminal.style('dim', `← HTTP ${answer.status} in ${(performance.now() - began).toFixed(1)} ms`, 'err'),
    );
  return toReply(path, answer);
}

function toReply(path: string, answer: { status: number; text: string; type: string }): Reply {
  let value: unknown;
  try {
    value = JSON.parse(answer.text);
  } catch {
    throw notReeve(path, `HTTP ${answer.status} ${answer.type}`.trim());
  }
  const reply = Reply.safeParse(value);
  if (reply.success) return reply.data;
  const refused = refusedBy(path, answer.status, value);
  if (refused !== undefined) throw refused;
  const isReply = value !== null && typeof value === 'object' && 'blocks' in value && 'title' in value;
  throw isReply
    ? new Problem('DAEMON_VERSION', { theirs: 'one with other replies', ours: version() })
    : notReeve(path, 'its answer is none');
}

/** The answer was lost, not necessarily the deed: the nonce makes asking again safe. */
function repeatable(error: unknown, request: CommandRequest): unknown {
  if (!(error instanceof Problem) || error.code !== 'DAEMON_UNREACHABLE' || request.nonce === undefined)
    return error;
  const cause = error.cause;
  const before = cause instanceof Error && 'syscall' in cause && cause.syscall === 'connect';
  if (before) return error;
  const again = `The answer was lost. Ask again with --nonce ${request.nonce}: what was started is not started twice.`;
  return new Problem(error.code, error.params, [...error.more, again], error);
}
