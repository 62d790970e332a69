import type { StatusView } from '../contracts/api.ts';
import { peek } from './globals.ts';
import { call, notReeve } from './io/http.ts';
import { homeFolder, socketPath, version } from './io/home.ts';
import { Problem } from './io/problem.ts';
import { Terminal } from './io/terminal.ts';

/** Longer than any healthy daemon takes for it. */
const PATIENCE = 5000;

/** `reeve status`, with as few modules as it takes. Undefined when the command line asks for anything else. */
export async function quickStatus(argv: readonly string[]): Promise<number | undefined> {
  const { globals, rest } = peek(argv);
  if (rest.length !== 1 || rest[0] !== 'status') return undefined;
  const terminal = new Terminal(globals);
  try {
    const status = await readStatus(homeFolder(globals.home));
    if (globals.json) terminal.document({ ok: true, command: 'status', data: status });
    else (await import('./render/status.ts')).showStatus(terminal, status, version());
    return 0;
  } catch (error) {
    return (await import('./render/problem.ts')).report(terminal, 'status', error);
  }
}

/** GET /v1/status. Rejects DAEMON_UNREACHABLE, DAEMON_NOT_REEVE, SOCKET_FORBIDDEN, or what the daemon refused with. */
export async function readStatus(home: string, timeout = PATIENCE): Promise<StatusView> {
  const path = socketPath(home);
  const answer = await call(path, { path: '/v1/status', timeout });
  let value: unknown;
  try {
    value = JSON.parse(answer.text);
  } catch {
    throw notReeve(path, `HTTP ${answer.status} ${answer.type}`.trim());
  }
  if (answer.status === 200 && isStatus(value)) return value;
  const { refusedBy } = await import('./answer.ts');
  throw refusedBy(path, answer.status, value) ?? (await mismatch(path, value));
}

async function mismatch(path: string, value: unknown): Promise<Problem> {
  const theirs = value !== null && typeof value === 'object' && 'reeve' in value ? value.reeve : undefined;
  return typeof theirs === 'string'
    ? new Problem('DAEMON_VERSION', { theirs, ours: version() })
    : notReeve(path, 'its status is none');
}

/** The parts that are shown; a full schema check would take longer than the request. */
function isStatus(value: unknown): value is StatusView {
  if (value === null || typeof value !== 'object') return false;
  const v = value as Partial<Record<keyof StatusView, unknown>>;
  const objects = [v.ledger, v.jobs].every((part) => part !== null && typeof part === 'object');
  const texts = [v.reeve, v.estate, v.address, v.home].every((part) => typeof part === 'string');
  const numbers = [v.pid, v.started, v.grants_active, v.requests_open, v.reviews_open].every(
    (part) => typeof part === 'number',
  );
  return objects && texts && numbers && Array.isArray(v.halted) && Array.isArray(v.last_jobs);
}
