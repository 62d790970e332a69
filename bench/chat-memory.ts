import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { Town, type Platform, type Who } from './chat-town.ts';
import type { Bench } from './types.ts';

/** Until a bot has come to rest, ms: it collects four seconds after its start. */
const REST = 8000;

/** Resident memory of an idle bot beside a process that imports the same client library, logs in and acknowledges. */
export const idleMemory = (platform: Platform): Bench => {
  let town: Town | undefined;
  /** Both are started anew for each figure. */
  const figure = (who: Who) => async (): Promise<number> => {
    if (town === undefined) throw new Error('setup() has not run');
    const child = await town.start(who);
    await sleep(REST);
    const kib = /^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8'))?.[1];
    await town.end(child);
    return Number(kib) / 1024;
  };
  return {
    name: `idle ${platform} bot, resident memory`,
    unit: 'MiB',
    goal: 1.15,
    better: 'lower',
    runs: 5,
    async setup() {
      town = await Town.open(platform, 2);
    },
    ours: figure('ours'),
    reference: figure('bare'),
    async teardown() {
      await town?.close();
    },
  };
};
