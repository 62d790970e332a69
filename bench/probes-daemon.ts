import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { get } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { makeBundle } from '../scripts/bundle.ts';

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
/** Clock ticks of /proc/PID/stat in a second (sysconf(_SC_CLK_TCK)) on every Linux there is. */
const TICKS = 100;

/** Starts a script with a channel and waits for its first message. */
export async function begin(
  script: string,
  ...args: string[]
): Promise<{ child: ChildProcess; said: number }> {
  const child = spawn(process.execPath, [here(script), ...args], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  const [said] = (await once(child, 'message')) as [number];
  return { child, said };
}

export async function end(child: ChildProcess | undefined): Promise<void> {
  if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, 'exit');
  child.kill('SIGTERM');
  await gone;
}

/** A daemon as people start it, watching `count` http probes. */
export class Watcher {
  readonly folder = mkdtempSync(join(tmpdir(), 'reeve-bench-'));
  #child: ChildProcess | undefined;

  static async start(port: number, count: number, interval: string): Promise<Watcher> {
    await makeBundle();
    const watcher = new Watcher();
    const probes = Array.from(
      { length: count },
      (_, i) =>
        `  p${i}: { kind: http, project: bench, env: dev, url: 'http://127.0.0.1:${port}/p${i}', interval: ${interval}, timeout: 900ms }`,
    );
    const estate = [
      'version: 1',
      'estate: { name: bench }',
      'projects: { bench: { environments: { dev: {} } } }',
      'network: { allow: [127.0.0.1] }',
      'probes:',
      ...probes,
      '',
    ];
    mkdirSync(join(watcher.folder, 'runbooks'));
    writeFileSync(join(watcher.folder, 'reeve.yaml'), estate.join('\n'));
    watcher.#child = spawn(here('../cli/reeve'), ['up', '--port', '0', '--no-drill'], {
      cwd: watcher.folder,
      env: { ...process.env, REEVE_HOME: join(watcher.folder, 'home') },
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    while ((await watcher.counts()).stored < 1) {
      if (watcher.#child.exitCode !== null) throw new Error('the daemon did not start');
      await sleep(100);
    }
    return watcher;
  }

  /** Samples stored and slots slipped since its start. */
  async counts(): Promise<{ stored: number; slipped: number }> {
    const text = await ask(join(this.folder, 'home', 'reeve.sock'), '/metrics');
    const sum = (name: string): number =>
      text
        .split('\n')
        .filter((line) => line.startsWith(name))
        .reduce((total, line) => total + Number(line.split(' ').at(-1)), 0);
    return { stored: sum('reeve_probe_samples_total'), slipped: sum('reeve_probe_slips_total') };
  }

  /** Processor time so far, s. */
  cpu(): number {
    const [, after = ''] = readFileSync(`/proc/${this.#child?.pid}/stat`, 'utf8').split(') ');
    const fields = after.split(' ');
    return (Number(fields[11]) + Number(fields[12])) / TICKS;
  }

  /** Resident memory, MiB. */
  rss(): number {
    const kib = /^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${this.#child?.pid}/status`, 'utf8'))?.[1];
    return Number(kib) / 1024;
  }

  async stop(): Promise<void> {
    await end(this.#child);
    rmSync(this.folder, { recursive: true, force: true });
  }
}

function ask(socketPath: string, path: string): Promise<string> {
  return new Promise((resolve) => {
    const request = get({ socketPath, path, agent: false }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
      response.on('end', () => resolve(response.statusCode === 200 ? text : ''));
    });
    request.on('error', () => resolve(''));
  });
}
