import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { createInterface } from 'node:readline';
import { onTestFinished } from 'vitest';
import { programPath } from '../helpers/needs.ts';
import { tempDir } from '../helpers/ledger.ts';

/** A real redis-server on a port of its own, without persistence; killed when the test ends. */
export async function redisServer(...flags: string[]): Promise<{ port: number; stop(): Promise<void> }> {
  const program = programPath('redis-server');
  if (program === undefined) throw new Error('there is no redis-server');
  const port = await freePort();
  const listen = flags.includes('--tls-port') ? ['--port', '0'] : ['--port', String(port)];
  const given = flags.map((flag) => (flag === '{port}' ? String(port) : flag));
  const child = spawn(
    program,
    ['--bind', '127.0.0.1', ...listen, '--save', '', '--dir', await tempDir('reeve-redis-'), ...given],
    { stdio: ['ignore', 'pipe', 'ignore'] },
  );
  const ended = once(child, 'exit');
  const stop = async (): Promise<void> => {
    child.kill('SIGKILL');
    await ended;
  };
  onTestFinished(stop);
  const said: string[] = [];
  for await (const line of createInterface({ input: child.stdout })) {
    said.push(line);
    if (line.includes('eady to accept connections')) {
      child.stdout.resume();
      return { port, stop };
    }
  }
  throw new Error(`redis-server ended: ${said.join('\n')}`);
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
