import { existsSync } from 'node:fs';
import type { JsonObject } from '../../contracts/json.ts';
import { Reply } from '../../contracts/reply.ts';
import { refusedBy } from '../answer.ts';
import { fetchCatalogue } from '../catalogue.ts';
import { askConfirmation, askReason } from '../confirm.ts';
import { call, nameOf, notReeve, type Where } from '../io/http.ts';
import { socketPath } from '../io/home.ts';
import { Problem, usage } from '../io/problem.ts';
import { Terminal } from '../io/terminal.ts';
import type { Options } from '../program.ts';
import { exitOf, showError } from '../render/problem.ts';
import { showReply } from '../render/reply.ts';
import type { Context } from '../run.ts';
import { loadCosign } from './bridge.ts';
import { keyPath } from './key.ts';

const PATIENCE = 60_000;
const DEFAULT_PORT = 7333;

/** `reeve approve` and `reeve deny`: look, show, ask, sign, send. The private key stays in its file. */
export async function decide(
  context: Context,
  name: 'approve' | 'deny',
  args: JsonObject,
  options: Options,
): Promise<number> {
  const { terminal, home } = context;
  const file = keyPath(home, args);
  const wanted = args['key'] !== undefined || args['at'] !== undefined;
  // Nobody here has a key: what the owner of the home approves on its socket needs none, where policy allows that.
  if (!wanted && !existsSync(file)) return plain(context, name, args, options);
  if (options.force === true)
    throw usage(
      'A signature is given for one plan',
      'Answer the question, or name the plan with --confirm DIGEST.',
    );
  const { readKey, lookToken, shownOf, decisionToken } = await loadCosign();
  const key = await readKey(file);
  const where = whereOf(home, args['at']);
  const request = typeof args['request'] === 'string' ? args['request'] : '';
  const shown = shownOf(await post(where, '/v1/cosign/look', lookToken(key, request, Date.now())));
  const { view, digest, blocks } = shown;
  if (view.request !== request) throw new Problem('COSIGN_OTHER', { what: 'request' });
  const what = `${view.cap} on ${view.project} for ${view.asked_by}`;
  if (!terminal.globals.json) {
    const whole = new Terminal({ ...terminal.globals, wide: true, quiet: false });
    showReply(whole, { tone: 'warn', title: `${what}: ${view.reason}`, blocks });
  }
  let reason = options.reason?.trim() ?? '';
  if (name === 'deny' && reason === '' && terminal.asks) reason = (await askReason('deny')) ?? '';
  if (name === 'deny' && reason === '') throw new Problem('REASON_REQUIRED', { action: 'deny' });
  const question = {
    digest,
    question: name === 'approve' ? `Sign your approval of exactly this, ${what}?` : `Turn down ${what}?`,
    destructive: true,
  };
  if (options.confirm === undefined) await askConfirmation(terminal, name, question);
  else if (options.confirm !== digest) throw new Problem('GRANT_PLAN_MISMATCH');
  const token = decisionToken(key, shown, { decision: name, reason }, Date.now());
  const reply = Reply.safeParse(await post(where, '/v1/cosign/decide', token));
  if (!reply.success) throw notReeve(nameOf(where), 'its answer is none');
  const { ok, data, error } = reply.data;
  if (terminal.globals.json)
    terminal.document({ ok, command: name, data, ...(error === undefined ? {} : { error }) });
  else if (error === undefined) showReply(terminal, reply.data);
  else showError(terminal, error);
  return error === undefined ? 0 : exitOf(error);
}

/** The same on the socket of the home, as whoever owns it. */
async function plain(
  context: Context,
  name: 'approve' | 'deny',
  args: JsonObject,
  options: Options,
): Promise<number> {
  const spec = (await fetchCatalogue(context.home)).commands.find((c) => c.name === `grant ${name}`);
  if (spec === undefined) throw notReeve(socketPath(context.home), 'it has no requests');
  const { runRemote } = await import('../remote.ts');
  return runRemote(context, spec, { request: args['request'] ?? null }, options);
}

/** Plain HTTP to this machine alone: what leaves it goes through a tunnel. */
function whereOf(home: string, at: unknown): Where {
  if (typeof at !== 'string') {
    const socket = socketPath(home);
    return existsSync(socket) ? socket : { host: '127.0.0.1', port: DEFAULT_PORT };
  }
  const match = /^(?:http:\/\/)?(127\.0\.0\.1|localhost)(?::([1-9][0-9]{0,4}))?\/?$/.exec(at.trim());
  const port = Number(match?.[2] ?? DEFAULT_PORT);
  if (match?.[1] === undefined || port > 65_535)
    throw usage(
      '--at takes a port of this machine, such as http://127.0.0.1:7333',
      "To a daemon elsewhere: ssh -N -L 7333:127.0.0.1:7333 the-daemon's-machine",
    );
  return { host: match[1], port };
}

async function post(where: Where, path: string, token: string): Promise<unknown> {
  const answer = await call(where, {
    method: 'POST',
    path,
    body: JSON.stringify({ token }),
    timeout: PATIENCE,
  });
  let value: unknown;
  try {
    value = JSON.parse(answer.text);
  } catch {
    throw notReeve(nameOf(where), `HTTP ${answer.status} ${answer.type}`.trim());
  }
  if (answer.status >= 400)
    throw refusedBy(nameOf(where), answer.status, value) ?? notReeve(nameOf(where), '');
  return value;
}
