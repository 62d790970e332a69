import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { makeBundle } from '../scripts/bundle.ts';

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
const REEVE = here('../cli/reeve');

/** GitHub in a process of its own. */
export async function beginGithub(
  each: number,
): Promise<{ child: ChildProcess; api: string; token: string }> {
  const child = spawn(process.execPath, [here('./sync-standin.ts'), String(each)], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  const [said] = (await once(child, 'message')) as [{ api: string; token: string }];
  return { child, ...said };
}

/** A daemon as people start it, with a repository that it mirrors. */
export class Mirroring {
  readonly folder = mkdtempSync(join(tmpdir(), 'reeve-bench-'));
  readonly #api: string;
  #child: ChildProcess | undefined;

  private constructor(api: string) {
    this.#api = api;
  }

  static async start(api: string, token: string): Promise<Mirroring> {
    await makeBundle();
    const daemon = new Mirroring(api);
    const estate = [
      'version: 1',
      'estate: { name: bench }',
      'projects: { bench: { environments: { dev: {} } } }',
      'integrations: { github: { token: gh_token, repositories: { acme/shop: bench } } }',
      '',
    ];
    mkdirSync(join(daemon.folder, 'runbooks'));
    cpSync(here('../runbooks/github.md'), join(daemon.folder, 'runbooks/github.md'));
    writeFileSync(join(daemon.folder, 'reeve.yaml'), estate.slice(0, 3).join('\n'));
    await daemon.up();
    for (const name of ['github_webhook', 'gh_token'])
      await daemon.reeve('secret', 'set', name, '--value', token);
    writeFileSync(join(daemon.folder, 'reeve.yaml'), estate.join('\n'));
    await daemon.reeve('config', 'reload');
    return daemon;
  }

  get #env(): NodeJS.ProcessEnv {
    return { ...process.env, REEVE_HOME: join(this.folder, 'home'), REEVE_GITHUB_API: this.#api };
  }

  /** Resolves when it answers and its start is over. */
  async up(): Promise<void> {
    const child = spawn(REEVE, ['up', '--port', '0', '--no-drill'], {
      cwd: this.folder,
      env: this.#env,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#child = child;
    let said = '';
    for (const pipe of [child.stdout, child.stderr])
      pipe.on('data', (chunk: Buffer) => (said += chunk.toString()));
    while (!said.includes('Ctrl-C stops it')) {
      if (child.exitCode !== null) throw new Error(`the daemon ended: ${said}`);
      await sleep(50);
    }
  }

  /** What it printed; throws when it failed. */
  async reeve(...args: string[]): Promise<string> {
    const child = spawn(REEVE, args, {
      cwd: this.folder,
      env: this.#env,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let out = '';
    for (const pipe of [child.stdout, child.stderr])
      pipe.on('data', (chunk: Buffer) => (out += chunk.toString()));
    const [code] = (await once(child, 'close')) as [number];
    if (code !== 0) throw new Error(`reeve ${args.join(' ')} ended with ${code}: ${out}`);
    return out;
  }

  /** Begins the mirroring and returns at once. */
  async sync(): Promise<void> {
    await this.reeve('sync', 'github', '--force', '--no-follow');
  }

  /** How the newest job stands. */
  async status(): Promise<string> {
    const { data } = JSON.parse(await this.reeve('jobs', 'list', '--limit', '1', '--json')) as {
      data: { status: string }[];
    };
    return data[0]?.status ?? '';
  }

  /** Resident memory, MiB. */
  rss(): number {
    const status = readFileSync(`/proc/${this.#child?.pid}/status`, 'utf8');
    return Number(/^VmRSS:\s+(\d+)/m.exec(status)?.[1]) / 1024;
  }

  /** Items that stand in its files, and how many of them more than once. A torn end is none. */
  items(): { items: number; twice: number } {
    const folder = join(this.folder, 'home', 'mirror');
    const seen = new Set<string>();
    let items = 0;
    for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
      if (!name.endsWith('.jsonl')) continue;
      const lines = readFileSync(join(folder, name), 'utf8').split('\n').slice(0, -1);
      for (const line of lines) {
        const { id } = JSON.parse(line.slice(9)) as { id?: number };
        if (id === undefined) continue;
        items += 1;
        seen.add(`${name} ${id}`);
      }
    }
    return { items, twice: items - seen.size };
  }

  /** Bytes in its files. */
  bytes(): number {
    const folder = join(this.folder, 'home', 'mirror');
    try {
      return readdirSync(folder, { recursive: true, encoding: 'utf8' })
        .filter((name) => name.endsWith('.jsonl'))
        .reduce((sum, name) => sum + statSync(join(folder, name)).size, 0);
    } catch {
      return 0;
    }
  }

  async kill(signal: NodeJS.Signals): Promise<void> {
    const child = this.#child;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, 'exit');
    child.kill(signal);
    await gone;
  }

  async remove(): Promise<void> {
    await this.kill('SIGTERM');
    rmSync(this.folder, { recursive: true, force: true });
  }
}
