import fs from 'node:fs';
import path from 'node:path';
import type { Clock } from '../ports/clock.ts';

/** Editors write in several steps; look when they are through, ms. */
const SETTLE_MS = 200;
/** Between two looks where the system has no more watches to give, ms. */
const POLL_MS = 5000;

/**
 * Calls `changed` some moments after the file changed, was replaced or came back. Watches its folder, because editors
 * replace files. May call too often, so `changed` compares.
 *
 * @returns stop.
 */
export function watchFile(file: string, clock: Clock, changed: () => void): () => void {
  const name = path.basename(file);
  const here = { folder: path.dirname(file), concerns: (changedName: string) => changedName === name };
  return watch(here, () => stamp(file), clock, changed);
}

/** The same for whatever stands directly in a folder. */
export function watchFolder(folder: string, clock: Clock, changed: () => void): () => void {
  const all = (): string =>
    (fs.existsSync(folder) ? fs.readdirSync(folder) : [])
      .toSorted()
      .map((name) => `${name} ${stamp(path.join(folder, name))}`)
      .join('\n');
  return watch({ folder, concerns: () => true }, all, clock, changed);
}

function watch(
  here: { folder: string; concerns(name: string): boolean },
  state: () => string,
  clock: Clock,
  changed: () => void,
): () => void {
  let cancel = (): void => {};
  let stopped = false;
  let watcher: fs.FSWatcher | undefined;
  const soon = (): void => {
    cancel();
    if (!stopped) cancel = clock.after(SETTLE_MS, changed);
  };
  const poll = (last: string): void => {
    if (stopped) return;
    cancel = clock.after(POLL_MS, () => {
      const now = state();
      if (now !== last) changed();
      poll(now);
    });
  };
  const fallBack = (): void => {
    watcher?.close();
    watcher = undefined;
    poll(state());
  };
  try {
    watcher = fs.watch(here.folder, { persistent: false }, (_, changedName) => {
      if (changedName === null || here.concerns(changedName)) soon();
    });
    watcher.on('error', fallBack);
  } catch {
    // ENOSPC: out of inotify watches.
    fallBack();
  }
  return () => {
    stopped = true;
    cancel();
    watcher?.close();
  };
}

function stamp(file: string): string {
  const stat = fs.statSync(file, { throwIfNoEntry: false });
  return stat === undefined ? 'none' : `${stat.ino} ${stat.size} ${stat.mtimeMs}`;
}
