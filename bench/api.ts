import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import http from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { seconds } from './harness.ts';
import type { Bench } from './types.ts';

const CLIENTS = 32;
const REQUESTS = 3000;
const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

/** An estate with nothing to do, so that only the door is measured. */
const ESTATE = `version: 1
estate: { name: bench }
projects:
  bench: { environments: { dev: {} } }
`;

let folder = '';
let daemon: ChildProcess | undefined;
let bare: ChildProcess | undefined;

/** Requests per second that `CLIENTS` keep-alive connections get out of a socket, each asking again when answered. */
async function rate(socketPath: string, body: object): Promise<number> {
  const agent = new http.Agent({ keepAlive: true, maxSockets: CLIENTS });
  const bytes = Buffer.from(JSON.stringify(body));
  let left = REQUESTS;
  const client = async (): Promise<void> => {
    while (left-- > 0) await post(agent, socketPath, bytes);
  };
  const time = await seconds(() => Promise.all(Array.from({ length: CLIENTS }, client)));
  agent.destroy();
  return REQUESTS / time;
}

function post(agent: http.Agent, socketPath: string, body: Buffer): Promise<void> {
  return new Promise((resolve, reject) => {
    const headers = { 'content-type': 'application/json', 'content-length': body.length };
    const request = http.request({ agent, socketPath, path: '/v1/commands', method: 'POST', headers });
    request.on('error', reject);
    request.on('response', (response) => {
      response.on('error', reject);
      response.on('end', () => {
        if (response.statusCode === 200) resolve();
        else reject(new Error(`${socketPath} answered ${response.statusCode}`));
      });
      response.resume();
    });
    request.end(body);
  });
}

/** Resolves when `/readyz` on the socket says yes; rejects when the process has gone. */
async function ready(child: ChildProcess, socketPath: string): Promise<void> {
  for (;;) {
    if (child.exitCode !== null) throw new Error(`the daemon ended with ${child.exitCode}`);
    const status = await new Promise<number>((resolve) => {
      const request = http.get({ socketPath, path: '/readyz', agent: false }, (response) => {
        response.resume();
        resolve(response.statusCode ?? 0);
      });
      request.on('error', () => resolve(0));
    });
    if (status === 200) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

async function stop(child: ChildProcess | undefined): Promise<void> {
  if (child === undefined || child.exitCode !== null) return;
  const gone = once(child, 'exit');
  child.kill('SIGTERM');
  await gone;
}

const admitted: Bench = {
  name: `admitted no-op command over the socket, ${CLIENTS} clients`,
  unit: 'commands/s',
  goal: 0.5,
  better: 'higher',
  runs: 7,
  async setup() {
    folder = await mkdtemp(join(tmpdir(), 'reeve-bench-'));
    await mkdir(join(folder, 'runbooks'));
    await writeFile(join(folder, 'reeve.yaml'), ESTATE);
    daemon = spawn(here('../cli/reeve'), ['up', '--port', '0'], {
      cwd: folder,
      env: { ...process.env, REEVE_HOME: join(folder, 'home'), REEVE_CONFIG: join(folder, 'reeve.yaml') },
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    bare = spawn(
      process.execPath,
      [here('./api-reference.ts'), join(folder, 'bare.sock'), join(folder, 'bare.jsonl')],
      { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] },
    );
    await Promise.all([once(bare, 'message'), ready(daemon, join(folder, 'home', 'reeve.sock'))]);
    // A daemon runs for weeks: what is compared is the warmed-up pace of both.
    for (let i = 0; i < 2; i++) {
      await this.ours();
      await this.reference();
    }
  },
  ours: () => rate(join(folder, 'home', 'reeve.sock'), { command: 'note', args: { text: 'benchmark' } }),
  reference: () => rate(join(folder, 'bare.sock'), { command: 'note', args: { text: 'benchmark' } }),
  async teardown() {
    await Promise.all([stop(daemon), stop(bare)]);
    await rm(folder, { recursive: true, force: true });
  },
};

export const benches: Bench[] = [admitted];
