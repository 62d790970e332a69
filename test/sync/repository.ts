import { execFileSync } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';

/** A real Git repository that a test works on. */
export class Repository {
  readonly root: string;
  constructor(root: string) {
    this.root = root;
    this.git('init', '-q', '-b', 'main');
  }

  /** Runs Git as somebody, without the configuration of who runs the test. */
  git(...args: string[]): string {
    return execFileSync('git', args, {
      cwd: this.root,
      encoding: 'utf8',
      env: {
        PATH: process.env['PATH'],
        HOME: '/nonexistent',
        GIT_CONFIG_NOSYSTEM: '1',
        GIT_AUTHOR_NAME: 'Ana',
        GIT_AUTHOR_EMAIL: 'ana@example.org',
        GIT_COMMITTER_NAME: 'Ana',
        GIT_COMMITTER_EMAIL: 'ana@example.org',
        ...this.#at,
      },
    });
  }
  #at: Record<string, string> = {};

  async write(name: string, text: string | Buffer): Promise<void> {
    const file = path.join(this.root, name);
    await mkdir(path.dirname(file), { recursive: true });
    await writeFile(file, text);
  }

  /** Commits all there is, at this time. */
  commit(message: string, at = '2026-01-02T03:04:05Z'): string {
    this.#at = { GIT_AUTHOR_DATE: at, GIT_COMMITTER_DATE: at };
    this.git('add', '-A');
    this.git('commit', '-q', '--allow-empty', '-m', message);
    return this.git('rev-parse', 'HEAD').trim();
  }
}
