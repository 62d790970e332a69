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
      const now = stamp(file);
      if (now !== last) changed();
      poll(now);
    });
  };
  const fallBack = (): void => {
    watcher?.close();
    watcher = undefined;
    poll(stamp(file));
  };
  try {
    watcher = fs.watch(path.dirname(file), { persistent: false }, (_, changedName) => {
      if (changedName === null || changedName === name) soon();
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
