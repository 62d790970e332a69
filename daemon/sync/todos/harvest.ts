import { constants } from 'node:fs';
import { open, realpath } from 'node:fs/promises';
import path from 'node:path';
import { fail } from '../../../contracts/errors.ts';
import { errno } from '../../durable.ts';
import { GitFailed, git } from '../../git.ts';
import type { Clock } from '../../ports/clock.ts';
import { scan, withIds, type Todo } from './scan.ts';

/** Larger files are no source that people write. */
const MAX_FILE = 1024 * 1024;
/** What one report holds. */
const MAX_TODOS = 5000;
const AT_ONCE = 8;

export interface Place {
  clock: Clock;
  /** Of the project. */
  folder: string;
  /** Put before each file's name: the project's folder below the estate, or nothing. */
  prefix: string;
  signal: AbortSignal;
  /** Files that the daemon writes itself, as they are named here. */
  except: ReadonlySet<string>;
  progress(done: number, total: number): Promise<void>;
}

export interface Harvest {
  todos: Todo[];
  /** Files looked at, and those that were not: no text, too large, gone. */
  files: number;
  skipped: number;
  /** There are more. */
  cut: boolean;
}

/** The tracked files of a repository, sorted by name; what Git ignores is none of them. Rejects SYNC_NOT_GIT. */
async function tracked({ clock, folder, signal }: Place): Promise<string[]> {
  try {
    const names = await git({ clock, folder, signal }, 'ls-files', '-z');
    return names.split('\0').filter((name) => name !== '');
  } catch (error) {
    if (!(error instanceof GitFailed)) throw error;
    throw fail('SYNC_NOT_GIT', { folder, why: error.message }, { cause: error });
  }
}

/** Reads every TODO that has an owner out of a project's tracked files. Holds at most eight files at a time. */
export async function harvest(place: Place): Promise<Harvest> {
  const names = await tracked(place);
  const root = await realpath(place.folder);
  const found = new Map<string, Omit<Todo, 'id'>[]>();
  let count = 0;
  let skipped = 0;
  let done = 0;
  const queue = names.values();
  const worker = async (): Promise<void> => {
    for (const name of queue) {
      place.signal.throwIfAborted();
      done += 1;
      if (done % 1000 === 0) await place.progress(done, names.length);
      const file = path.join(place.prefix, name);
      if (place.except.has(file) || count > MAX_TODOS) continue;
      const text = await readText(root, name);
      if (text === undefined) {
        skipped += 1;
        continue;
      }
      const here = scan(file, text);
      count += here.length;
      if (here.length > 0) found.set(file, here);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  // In the order of names, not in that of reading: ids of equal ones follow from it.
  const all = [...found.entries()].toSorted(([a], [b]) => (a < b ? -1 : 1)).flatMap(([, here]) => here);
  return {
    todos: withIds(all.slice(0, MAX_TODOS)),
    files: names.length - skipped,
    skipped,
    cut: count > MAX_TODOS,
  };
}

/** The text of a tracked file; undefined where it is no plain file of text, or leads out of the project. */
async function readText(root: string, name: string): Promise<string | undefined> {
  const file = path.join(root, name);
  let handle;
  try {
    const real = await realpath(path.dirname(file));
    if (real !== root && !real.startsWith(root + path.sep)) return undefined;
    handle = await open(file, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (error) {
    if (['ENOENT', 'ENOTDIR', 'ELOOP', 'EACCES', 'ENXIO', 'ENAMETOOLONG'].includes(errno(error)))
      return undefined;
    throw error;
  }
  try {
    const stat = await handle.stat();
    if (!stat.isFile() || stat.size > MAX_FILE) return undefined;
    const bytes = await handle.readFile();
    return bytes.subarray(0, 8000).includes(0) ? undefined : bytes.toString('utf8');
  } finally {
    await handle.close();
  }
}
