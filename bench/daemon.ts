import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import http from 'node:http';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

/** The command as a person starts it. */
export const REEVE = here('../cli/reeve');

export const socketOf = (folder: string): string => join(folder, 'home', 'reeve.sock');

/** The environment of a command whose home and estate are in `folder`. */
export const envOf = (folder: string): NodeJS.ProcessEnv => ({
  ...process.env,
  REEVE_HOME: join(folder, 'home'),
  REEVE_CONFIG: join(folder, 'reeve.yaml'),
});

/** A daemon on the estate and home in `folder`. */
export function startDaemon(folder: string, ...flags: string[]): ChildProcess {
  return spawn(REEVE, ['up', '--port', '0', ...flags], {
    cwd: folder,
    env: envOf(folder),
    stdio: ['ignore', 'ignore', 'inherit'],
  });
}

/** Resolves when `/readyz` on the socket says yes; rejects when the process has gone. Asks every `every` ms. */
export async function ready(child: ChildProcess, socketPath: string, every = 20): Promise<void> {
  for (;;) {
    if (child.exitCode !== null) throw new Error(`the daemon ended with ${child.exitCode}`);
    if ((await get(socketPath, '/readyz')).status === 200) return;
    await new Promise((resolve) => setTimeout(resolve, every));
  }
}

/** Status 0 when nobody listens. */
export function get(socketPath: string, path: string): Promise<{ status: number; text: string }> {
  return new Promise((resolve) => {
    const none = (): void => resolve({ status: 0, text: '' });
    const request = http.get({ socketPath, path, agent: false }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
      response.on('error', none);
      response.on('end', () => resolve({ status: response.statusCode ?? 0, text }));
    });
    request.on('error', none);
  });
}

/** Asks it to stop and waits until it has. */
export async function stop(child: ChildProcess | undefined): Promise<void> {
  if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, 'exit');
  child.kill('SIGTERM');
  await gone;
}
