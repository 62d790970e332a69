import { mkdir, mkdtemp, readdir, rm, rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import { errno } from '../durable.ts';

/** The folders of running attempts under the engine's own folder. */
export class Scratch {
  readonly #dir: string;
  readonly #logs: string;

  constructor(dir: string) {
    this.#dir = join(dir, 'scratch');
    this.#logs = join(dir, 'logs');
  }

  async prepare(): Promise<void> {
    await mkdir(this.#dir, { recursive: true, mode: 0o700 });
    await mkdir(this.#logs, { recursive: true, mode: 0o700 });
  }

  /** A new empty folder, 0700, with a name that nobody can guess (mkdtemp(3)). */
  async make(attemptId: string): Promise<string> {
    const begin = join(this.#dir, `${attemptId}-`);
    try {
      return await mkdtemp(begin);
    } catch (error) {
      if (errno(error) !== 'ENOENT') throw error;
      // Somebody tidied up what looked like leftovers: no reason to have every job wait for a restart.
      await this.prepare();
      return mkdtemp(begin);
    }
  }

  async remove(folder: string): Promise<void> {
    try {
      // Most steps leave nothing there.
      await rmdir(folder);
    } catch {
      await rm(folder, { recursive: true, force: true, maxRetries: 2 });
    }
  }

  logPath(attemptId: string): string {
    return join(this.#logs, `${attemptId}.jsonl`);
  }

  /** Attempt ids with a log file that was never stored. */
  async leftLogs(): Promise<string[]> {
    const names = await readdir(this.#logs);
    return names.filter((name) => name.endsWith('.jsonl')).map((name) => name.slice(0, -'.jsonl'.length));
  }

  /** Removes everything that dead attempts left, but the logs of those that go on. Nothing runs yet. */
  async clear(goOn: readonly string[] = []): Promise<void> {
    const kept = new Set(goOn.map((attemptId) => this.logPath(attemptId)));
    for (const name of await readdir(this.#dir)) await this.remove(join(this.#dir, name));
    for (const name of await readdir(this.#logs)) {
      const file = join(this.#logs, name);
      if (!kept.has(file)) await rm(file, { force: true });
    }
  }
}
