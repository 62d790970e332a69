import { fail } from '../../contracts/errors.ts';
import { GitFailed, git } from '../git.ts';
import { withoutFilters } from '../git-filters.ts';
import type { Clock } from '../ports/clock.ts';

export interface Place {
  clock: Clock;
  project: string;
  /** Of the project. */
  folder: string;
  signal?: AbortSignal;
}

/** A commit's message, and what it is called. */
export interface Message {
  hash: string;
  text: string;
}

/** Messages that are read of one release. */
const MAX_COMMITS = 10_000;

const namesIn = (text: string): string[] => text.split('\0').filter((name) => name !== '');

/** The repository of a project, as far as a release needs it. */
export class Repository {
  readonly #place: Place;
  /** Its filters are looked up once: it is opened anew for each step of a release. */
  #filters: Promise<Record<string, string>> | undefined;
  constructor(place: Place) {
    this.#place = place;
  }

  refuse(why: string, cause?: unknown): Error {
    return fail('RELEASE_REFUSED', { project: this.#place.project, why }, { cause });
  }

  /** Runs Git; what it says when it fails is why the release is refused. */
  async run(...args: string[]): Promise<string> {
    try {
      return (await this.#git(args)).trimEnd();
    } catch (error) {
      throw error instanceof GitFailed ? this.refuse(error.message, error) : error;
    }
  }
  /** The same; undefined where Git fails. */
  async ask(...args: string[]): Promise<string | undefined> {
    try {
      return (await this.#git(args)).trimEnd();
    } catch (error) {
      if (error instanceof GitFailed && error.code !== null) return undefined;
      throw error;
    }
  }

  async branch(): Promise<string> {
    await this.run('rev-parse', '--git-dir');
    const branch = await this.ask('symbolic-ref', '--quiet', '--short', 'HEAD');
    if (branch === undefined || branch === '') throw this.refuse('HEAD is detached: check out a branch');
    return branch;
  }

  async head(): Promise<string> {
    const head = await this.ask('rev-parse', '--verify', '--quiet', 'HEAD');
    if (head === undefined) throw this.refuse('it has no commit yet');
    return head;
  }

  /** Tracked files that differ from HEAD, and what is staged; relative to the project's folder, those of it. */
  async changed(): Promise<string[]> {
    const plain = ['--name-only', '-z', '--no-ext-diff', '--no-textconv'];
    const here = await this.run('diff', ...plain, '--relative', 'HEAD', '--', '.');
    const staged = await this.run('diff', ...plain, '--cached');
    const prefix = await this.run('rev-parse', '--show-prefix');
    const elsewhere = namesIn(staged).filter((name) => !name.startsWith(prefix));
    return [...namesIn(here), ...(prefix === '' ? [] : elsewhere)];
  }

  /** The commit that a tag names. */
  async tagged(tag: string): Promise<string | undefined> {
    return this.ask('rev-parse', '--verify', '--quiet', `refs/tags/${tag}^{commit}`);
  }

  /** The tag itself: what its reference names. */
  async object(tag: string): Promise<string | undefined> {
    return this.ask('rev-parse', '--verify', '--quiet', `refs/tags/${tag}`);
  }

  /** Whether everything of a commit is in another one. False, too, for one that is not here. */
  async isIn(commit: string, other: string): Promise<boolean> {
    return (await this.ask('merge-base', '--is-ancestor', commit, other)) !== undefined;
  }

  /** What an annotated tag says below its first line. */
  async told(tag: string): Promise<string> {
    return this.run('for-each-ref', '--format=%(contents:body)', `refs/tags/${tag}`);
  }

  /** Tags like v1.2.3 that `commit` has behind it. */
  async tags(commit: string): Promise<string[]> {
    const text = await this.run('tag', '--list', 'v*', '--merged', commit);
    return text.split('\n').filter((tag) => tag !== '');
  }

  /** Messages of the commits after `since`, the newest first; those that touch the project's folder. */
  async messages(since: string | undefined, until: string): Promise<Message[]> {
    const range = since === undefined ? until : `${since}..${until}`;
    const prefix = await this.run('rev-parse', '--show-prefix');
    // At the root nothing is left out: a path would hide commits without files.
    const mine = prefix === '' ? [] : ['.'];
    const shape = ['-z', `--max-count=${MAX_COMMITS}`, '--format=%H%n%B'];
    const text = await this.run('log', ...shape, range, '--', ...mine);
    return text.split('\0').flatMap((one) => {
      const at = one.indexOf('\n');
      return at < 0 ? [] : [{ hash: one.slice(0, at), text: one.slice(at + 1).trim() }];
    });
  }

  /** A file of a commit, by its name in the project's folder. */
  async file(commit: string, name: string): Promise<string | undefined> {
    const prefix = await this.run('rev-parse', '--show-prefix');
    try {
      return await this.#git(['cat-file', 'blob', `${commit}:${prefix}${name}`]);
    } catch (error) {
      if (error instanceof GitFailed && error.code !== null) return undefined;
      throw error;
    }
  }

  /** Refuses files that would not be committed as they stand: their filters do not run. */
  async refuseFiltered(names: readonly string[]): Promise<void> {
    const text = await this.run('check-attr', '-z', 'filter', '--', ...names);
    const parts = text.split('\0');
    for (let at = 0; at + 2 < parts.length; at += 3) {
      const [name, , filter = ''] = parts.slice(at, at + 3);
      if (!['unspecified', 'unset', 'set', ''].includes(filter))
        throw this.refuse(
          `${name} goes through the filter ${filter} (.gitattributes), and programs that a repository names do not run here`,
        );
    }
  }

  async #git(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<string> {
    const { clock, folder, signal } = this.#place;
    const options = { clock, folder, ...(signal === undefined ? {} : { signal }) };
    this.#filters ??= withoutFilters(options);
    return git({ ...options, env: { ...(await this.#filters), ...env } }, ...args);
  }

  /** Runs Git as somebody: what makes commits and tags. Signs nothing: no program of the repository's configuration runs. */
  async as(who: { name: string; email: string; at: number }, ...args: string[]): Promise<string> {
    const { name, email, at } = who;
    const date = `${Math.floor(at / 1000)} +0000`;
    try {
      return await this.#git(['-c', 'commit.gpgsign=false', '-c', 'tag.gpgsign=false', ...args], {
        GIT_AUTHOR_NAME: name,
        GIT_AUTHOR_EMAIL: email,
        GIT_AUTHOR_DATE: date,
        GIT_COMMITTER_NAME: name,
        GIT_COMMITTER_EMAIL: email,
        GIT_COMMITTER_DATE: date,
      });
    } catch (error) {
      throw error instanceof GitFailed ? this.refuse(error.message, error) : error;
    }
  }
}
