import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const MAIN = fileURLToPath(new URL('../../cli/main.ts', import.meta.url));

export interface Ran {
  code: number | null;
  out: string;
  err: string;
}

export interface RunOptions {
  env?: Record<string, string>;
  uid?: number;
  /** What comes over standard input; absent: nothing does. */
  input?: string;
  /** Called with what stdout has so far, and the process. */
  onOut?: (out: string, kill: (signal: NodeJS.Signals) => void) => void;
}

/** Runs the real CLI as a process, without a terminal. */
export function reeve(home: string, args: readonly string[], options: RunOptions = {}): Promise<Ran> {
  const child = spawn(process.execPath, [MAIN, ...args], {
    env: { PATH: process.env['PATH'] ?? '', HOME: home, TZ: 'UTC', REEVE_HOME: home, ...options.env },
    ...(options.uid === undefined ? {} : { uid: options.uid }),
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  child.stdin.end(options.input ?? '');
  const ran: Ran = { code: null, out: '', err: '' };
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    ran.out += text;
    options.onOut?.(ran.out, (signal) => child.kill(signal));
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    ran.err += text;
  });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve({ ...ran, code }));
  });
}
