import { mkdtemp, readFile, readlink, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ReeveError, fail } from '../../../contracts/errors.ts';
import type { Clock } from '../../ports/clock.ts';
import type { DriverContext, DriverDeps } from '../driver.ts';
import type { Leftover } from '../leftovers.ts';
import { lastWords, runProgram, saysNoSpace } from '../programs.ts';
import { connect, type Address } from './connect.ts';
import { packageOf } from './programs.ts';

const PORT = 5432;
const PAUSE_MS = 50;
/** How long a server that refused a connection may take to end, ms. */
const LAST_WORDS_MS = 1000;
/** What a server says, or its socket, before it takes connections. */
const NOT_YET = /ENOENT|ECONNREFUSED|starting up|not accepting|ECONNRESET|shutting down/;

export interface ServerOptions {
  /** Folder of the restored files. */
  data: string;
  /** Who connects to what: the password is not asked for on a socket in a folder that is only ours. */
  user: string;
  database: string;
  bin: string | undefined;
  /** Name of the folder of archived WAL beside `data`, and the time to stop at. */
  wal: string | undefined;
  until: string | undefined;
}

/**
 * Runs a private PostgreSQL server on restored files for as long as `work` takes: on a Unix socket only, with a
 * configuration of its own, so that nothing of the live one (archiving, replication, preloaded libraries, addresses) is in
 * force. It has ended, with all its processes, when this settles.
 *
 * @throws SERVER_NOT_STARTED, SERVER_AS_ROOT, PROGRAM_MISSING
 */
export async function withServer<T>(
  deps: DriverDeps,
  context: DriverContext,
  options: ServerOptions,
  work: (address: Address) => Promise<T>,
): Promise<T> {
  const through = await withoutRoot(deps, context);
  // sun_path holds some 104 bytes: a folder below the scratch would be too deep.
  const sockets = await mkdtemp(join(tmpdir(), 'reeve-pg-'));
  const forget = await deps.leftovers.note({ kind: 'server', data: options.data, sockets });
  const stop = new AbortController();
  const signal = AbortSignal.any([context.signal, stop.signal]);
  let over: Error | undefined;
  let running: Promise<void> | undefined;
  try {
    const config = await configure(options, sockets);
    running = runProgram(deps, context, {
      program: 'postgres',
      args: ['-D', options.data, '-c', `config_file=${config}`],
      bin: options.bin,
      package: packageOf('postgres'),
      through,
      signal,
    }).then(
      (ran) => {
        over = saysNoSpace(ran)
          ? fail('RESTORE_DISK_FULL', { path: options.data })
          : fail('SERVER_NOT_STARTED', { why: lastWords(ran), job: context.job_id });
      },
      (error: unknown) => void (over = error instanceof Error ? error : new Error(String(error))),
    );
    const address = {
      secret: 'of the copy',
      host: sockets,
      port: PORT,
      password: '',
      sslmode: undefined,
      ...options,
    };
    await ready(deps.clock, context, address, () => over);
    return await work(address);
  } finally {
    stop.abort(new Error('the copy has been asked'));
    await running;
    await rm(sockets, { recursive: true, force: true });
    await forget();
  }
}

async function ready(
  clock: Clock,
  { signal }: DriverContext,
  address: Address,
  over: () => Error | undefined,
): Promise<void> {
  for (;;) {
    signal.throwIfAborted();
    const ended = over();
    if (ended !== undefined) throw ended;
    try {
      await (await connect(address, { statementTimeoutMs: 10_000 })).close();
      return;
    } catch (error) {
      // It listens when all is replayed; until then there is no socket, or it says that it starts.
      if (!(error instanceof ReeveError) || !NOT_YET.test(error.message)) {
        // One that is ending says so in many ways; why it ends says more.
        await clock.sleep(LAST_WORDS_MS, { signal });
        throw over() ?? error;
      }
    }
    await clock.sleep(PAUSE_MS, { signal });
  }
}

/** Files beside the data: what stands in it is of the live server. */
async function configure({ data, wal, until }: ServerOptions, sockets: string): Promise<string> {
  const beside = (name: string): string => join(data, '..', name);
  const quoted = (value: string): string => `'${value.replaceAll("'", "''")}'`;
  await writeFile(beside('pg_hba.conf'), 'local all all trust\n', { mode: 0o600 });
  await writeFile(beside('pg_ident.conf'), '', { mode: 0o600 });
  const settings: Record<string, string> = {
    data_directory: data,
    hba_file: beside('pg_hba.conf'),
    ident_file: beside('pg_ident.conf'),
    listen_addresses: '',
    port: String(PORT),
    unix_socket_directories: sockets,
    unix_socket_permissions: '0700',
    // Nobody connects before the end of the replay, so the live server's limits need not be met.
    hot_standby: 'off',
    archive_mode: 'off',
    max_wal_senders: '0',
    max_logical_replication_workers: '0',
    shared_preload_libraries: '',
    shared_buffers: '32MB',
    max_connections: '20',
    // The copy is thrown away.
    fsync: 'off',
    autovacuum: 'off',
    logging_collector: 'off',
    log_destination: 'stderr',
    lc_messages: 'C',
    recovery_target_action: 'promote',
    ...(wal === undefined ? {} : { restore_command: `cp ../${wal}/%f %p` }),
    // Names of zones, Z among them, are not known yet when this is read.
    ...(until === undefined ? {} : { recovery_target_time: until.replace('T', ' ').replace(/z$/i, '+00') }),
  };
  const lines = Object.entries(settings).map(([name, value]) => `${name} = ${quoted(value)}\n`);
  const config = beside('postgresql.conf');
  await writeFile(config, lines.join(''), { mode: 0o600 });
  // Settings of the live server that would win over these, and what would make it a standby of it.
  await writeFile(join(data, 'postgresql.auto.conf'), '');
  await rm(join(data, 'standby.signal'), { force: true });
  if (wal !== undefined || until !== undefined) await writeFile(join(data, 'recovery.signal'), '');
  return config;
}

/** PostgreSQL refuses to run as root. In a user namespace of its own, root is somebody else, with the same files. */
async function withoutRoot(deps: DriverDeps, context: DriverContext): Promise<string[]> {
  if (process.getuid?.() !== 0) return [];
  const through = ['/usr/bin/env', 'unshare', '--user', '--map-user=65534', '--map-group=65534', '--'];
  const ran = await runProgram(deps, context, { program: 'true', args: [], through, package: 'util-linux' });
  if (ran.code !== 0) throw fail('SERVER_AS_ROOT', { why: lastWords(ran) });
  return through;
}

/** Ends a server that an earlier run left, if it is certainly that one. Linux only: elsewhere nothing is certain. */
export async function sweepServer(
  { data, sockets }: Extract<Leftover, { kind: 'server' }>,
  clock: Clock,
): Promise<boolean> {
  const pid = Number((await readFile(join(data, 'postmaster.pid'), 'utf8').catch(() => '')).split('\n')[0]);
  const ours = async (): Promise<boolean> =>
    Number.isInteger(pid) && pid > 1 && (await readlink(`/proc/${pid}/cwd`).catch(() => '')) === data;
  let ended = false;
  for (const signal of ['SIGQUIT', 'SIGKILL'] as const) {
    if (!(await ours())) break;
    process.kill(pid, signal);
    ended = true;
    for (let i = 0; i < 50 && (await ours()); i++) await clock.sleep(20);
  }
  if (/\/reeve-pg-[A-Za-z0-9]{6}$/.test(sockets)) await rm(sockets, { recursive: true, force: true });
  return ended;
}
