import { setTimeout as sleep } from 'node:timers/promises';
import { end } from './probes-daemon.ts';
import { beginGithub, Mirroring } from './sync-daemon.ts';
import type { Bench } from './types.ts';

/** Of each of the four kinds. */
const EACH = 25_000;
const ALL = 4 * EACH;
/** Growth that is allowed, MiB (issue 5). */
const LIMIT = 60;
/** A run that takes longer has failed, ms. */
const PATIENCE = 20 * 60_000;

interface Run {
  growth: number;
  twice: number;
  missing: number;
}

/** One initial run over all of it; `killed`: with kill -9 on its way. */
async function mirror(killed: boolean): Promise<Run> {
  const github = await beginGithub(EACH);
  const daemon = await Mirroring.start(github.api, github.token);
  try {
    await sleep(3000);
    let before = daemon.rss();
    let growth = 0;
    const began = performance.now();
    await daemon.sync();
    let looked = 0;
    let dead = false;
    for (;;) {
      await sleep(100);
      growth = Math.max(growth, daemon.rss() - before);
      if (killed && !dead && ++looked % 5 === 0 && daemon.bytes() > ALL * 120) {
        await daemon.kill('SIGKILL');
        dead = true;
        await daemon.up();
        before = daemon.rss();
      }
      if (performance.now() - began > PATIENCE) throw new Error('the run does not end');
      if (looked++ % 20 !== 0) continue;
      const status = await daemon.status();
      if (status === 'PASS') break;
      if (!['QUEUED', 'RUNNING'].includes(status)) throw new Error(`the run is ${status}`);
    }
    const { items, twice } = daemon.items();
    if (killed && !dead) throw new Error('the run was over before it could be killed');
    return { growth, twice, missing: ALL - items + twice };
  } finally {
    await daemon.remove();
    await end(github.child);
  }
}

let whole: Promise<Run> | undefined;
let cut: Promise<Run> | undefined;
const wholeRun = (): Promise<Run> => (whole ??= mirror(false));
const cutRun = (): Promise<Run> => (cut ??= mirror(true));

/** As each takes a minute or two, one run of each is all there is. */
export const benches: Bench[] = [
  {
    name: 'mirroring 100,000 items of GitHub: memory grows by (reference: the limit)',
    unit: 'MiB',
    goal: 1,
    better: 'lower',
    runs: 1,
    ours: async () => (await wholeRun()).growth,
    reference: async () => LIMIT,
  },
  {
    name: 'kill -9 on its way: items twice or missing, and 1 (reference: 1)',
    unit: 'items',
    goal: 1,
    better: 'lower',
    runs: 1,
    async ours() {
      const { twice, missing } = await cutRun();
      return 1 + twice + Math.abs(missing);
    },
    reference: async () => 1,
  },
];
