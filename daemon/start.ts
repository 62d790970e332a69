import { statfs } from 'node:fs/promises';
import { ReeveError } from '../contracts/errors.ts';
import { startApp, type App } from './app.ts';
import type { Settings } from './config.ts';
import { isNoSpace } from './durable.ts';

/** Free bytes with which a start is tried again: a few segments' worth of records and artifacts. */
const ROOM = 256 * 1024;
/** Pauses between two looks, ms: doubled from the first, because a quota may be full where the disk is not. */
const PAUSE = { first: 2000, longest: 60_000 };

/**
 * Starts the daemon. While there is no room for it, one that can only be read and halted stands in its place, and the start is
 * tried again once there is some. `standIn` is told of each. Rejects as `startApp`.
 */
export async function startWhenRoom(settings: Settings, standIn: (app: App) => void): Promise<App> {
  for (let pause = PAUSE.first; ; pause = Math.min(pause * 2, PAUSE.longest)) {
    let app: App;
    try {
      return await startApp(settings);
    } catch (error) {
      if (!isFull(error)) throw error;
      app = await startApp(settings, { full: true }).catch((worse: unknown) => {
        // A home that was never opened, or whose ledger has to be healed first.
        throw isFull(worse) ? error : worse;
      });
    }
    standIn(app);
    do await app.store.clock.sleep(pause);
    while ((await room(app.store.home.root)) < ROOM);
    await app.stop('there is room again');
  }
}

async function room(folder: string): Promise<number> {
  const { bavail, bsize } = await statfs(folder);
  return bavail * bsize;
}

const isFull = (error: unknown): boolean =>
  isNoSpace(error) ||
  (error instanceof ReeveError && (error.code === 'LEDGER_DISK_FULL' || isNoSpace(error.cause)));
