import { spawn, type ChildProcess } from 'node:child_process';
import { createHmac, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, mkdtemp, open, readFile, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { seconds } from './harness.ts';
import type { Bench } from './types.ts';

const CONNECTIONS = 64;
const DELIVERIES = 3000;
const BYTES = 10_000;
const SECRET = 'a secret that GitHub and we know';
const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

const ESTATE = `version: 1
estate: { name: bench }
projects:
  bench: { environments: { dev: {} } }
`;

let folder = '';
let address = '';
let filler = '';
const running: ChildProcess[] = [];
const addresses = { bare: '', probot: '' };

/** A push of the size that was asked for, signed as GitHub does, as it goes over the wire; each another one. */
function delivery(n: number, path: string): Buffer {
  const push = {
    ref: 'refs/heads/main',
    after: randomUUID().replaceAll('-', '').padEnd(40, '0'),
    repository: { id: 1, name: 'shop', full_name: 'acme/shop', owner: { login: 'acme', id: 2 } },
    sender: { login: 'ana', id: 3, type: 'User' },
    installation: { id: 4 },
    n,
    filler,
  };
  const body = Buffer.from(JSON.stringify(push));
  const head = [
    `POST ${path} HTTP/1.1`,
    'host: reeve.example.com',
    'content-type: application/json',
    `content-length: ${body.length}`,
    `x-github-delivery: ${randomUUID()}`,
    'x-github-event: push',
    `x-hub-signature-256: sha256=${createHmac('sha256', SECRET).update(body).digest('hex')}`,
  ];
  return Buffer.concat([Buffer.from(`${head.join('\r\n')}\r\n\r\n`), body]);
}

/**
 * Deliveries per second that `CONNECTIONS` keep-alive connections get answered. Written to bare sockets from bytes made before,
 * since on two cores a sender that takes as long as the receiver would measure itself.
 */
async function rate(url: string): Promise<number> {
  const { hostname, port, pathname } = new URL(url);
  const deliveries = Array.from({ length: DELIVERIES }, (_none, n) => delivery(n, pathname));
  const sender = (): Promise<void> =>
    new Promise((resolve, reject) => {
      const socket = connect({ host: hostname, port: Number(port), noDelay: true });
      const next = (): void => {
        const bytes = deliveries.pop();
        if (bytes !== undefined) return void socket.write(bytes);
        socket.destroy();
        resolve();
      };
      socket.on('connect', next).on('error', reject);
      // An answer is small, and nothing is sent before it is here: it comes whole, or its rest has no status line.
      socket.on('data', (chunk) => {
        const status = chunk.toString('latin1', 0, 12);
        if (!status.startsWith('HTTP/1.1 ')) return;
        if (status === 'HTTP/1.1 200') return next();
        socket.destroy();
        reject(new Error(`${url} answered ${chunk.toString()}`));
      });
      socket.on('close', () => deliveries.length > 0 && reject(new Error(`${url} closed the connection`)));
    });
  const time = await seconds(() => Promise.all(Array.from({ length: CONNECTIONS }, sender)));
  return DELIVERIES / time;
}

async function command(name: string, args: object): Promise<void> {
  const token = (await readFile(join(folder, 'home', 'token'), 'utf8')).trim();
  const response = await fetch(`${address}/v1/commands`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
    body: JSON.stringify({ command: name, args }),
  });
  if (!response.ok) throw new Error(`${name}: ${await response.text()}`);
}

async function startDaemon(): Promise<void> {
  const config = join(folder, 'reeve.yaml');
  await mkdir(join(folder, 'runbooks'));
  await writeFile(config, ESTATE);
  const daemon = spawn(here('../cli/reeve'), ['up', '--port', '0', '--no-drill'], {
    cwd: folder,
    env: { ...process.env, REEVE_HOME: join(folder, 'home'), REEVE_CONFIG: config },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  running.push(daemon);
  let said = '';
  await new Promise<void>((resolve, reject) => {
    daemon.once('exit', (code) => reject(new Error(`the daemon ended with ${code}: ${said}`)));
    daemon.stdout.setEncoding('utf8').on('data', (chunk: string) => {
      said += chunk;
      if (said.includes('Ctrl-C stops it.')) resolve();
    });
  });
  address = /http:\/\/127\.0\.0\.1:\d+/.exec(said)?.[0] ?? '';
  await command('secret set', { name: 'github_webhook', value: SECRET });
  await writeFile(config, `${ESTATE}integrations: { github: {} }\n`);
  await command('config reload', {});
}

async function startReference(which: keyof typeof addresses): Promise<void> {
  // Probot's log goes to a file, as under whatever runs services.
  const said = await open(join(folder, `${which}.out`), 'a');
  const child = spawn(
    process.execPath,
    [here(`./webhooks-${which}.ts`), join(folder, `${which}.log`), SECRET],
    { stdio: ['ignore', said.fd, 'inherit', 'ipc'], env: { ...process.env, NODE_ENV: 'production' } },
  );
  running.push(child);
  await said.close();
  const [port] = (await once(child, 'message')) as [number];
  addresses[which] = `http://127.0.0.1:${port}/webhooks/github`;
}

const taken = (which: keyof typeof addresses, about: string, goal: number): Bench => ({
  name: `webhooks taken, ${CONNECTIONS} connections, ${BYTES / 1000} kB: beside ${about}`,
  unit: 'deliveries/s',
  goal,
  better: 'higher',
  runs: 7,
  async setup() {
    folder = await mkdtemp(join(tmpdir(), 'reeve-bench-'));
    filler = '';
    const bare = delivery(0, '');
    filler = 'x'.repeat(BYTES - (bare.length - bare.indexOf('\r\n\r\n') - 4));
    await startDaemon();
    await startReference(which);
    for (let i = 0; i < 2; i++) {
      await this.ours();
      await this.reference();
    }
  },
  ours: () => rate(`${address}/webhooks/github`),
  reference: () => rate(addresses[which]),
  async teardown() {
    for (const child of running.splice(0)) {
      if (child.exitCode !== null) continue;
      const gone = once(child, 'exit');
      child.kill('SIGTERM');
      await gone;
    }
    filler = '';
    await rm(folder, { recursive: true, force: true });
  },
});

export const benches: Bench[] = [
  taken('bare', 'a bare route that verifies and appends', 0.6),
  taken('probot', 'probot as it ships with an fsynced append', 3),
];
