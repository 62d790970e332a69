import { chart } from '../../daemon/drills/evidence/chart.ts';
import type { World } from '../helpers/app.ts';

const DAY = 86_400_000;
const FIRST = Date.UTC(2026, 10, 1, 3);

/** The chart of four runs, one of which failed. */
export const CHART = chart({
  title: 'Drill restore-shop: recovery point and recovery time',
  points: [60_000, 90_000, 3_600_000, 75_000].map((ms, n) => ({
    at: FIRST + n * DAY,
    verdict: n === 2 ? 'FAIL' : 'PASS',
    rpo_ms: ms,
    rto_ms: n === 2 ? null : ms / 2,
  })),
  objective_rpo_ms: 900_000,
  objective_rto_ms: 600_000,
});

/** A drill has ended, and this is the chart in its evidence. */
export async function drillEnds({ app }: Pick<World, 'app'>, svg = CHART): Promise<void> {
  const { artifacts, ledger } = app.store;
  const evidence = [await artifacts.put(Buffer.from(svg), { mediaType: 'image/svg+xml', name: 'chart.svg' })];
  await ledger.append('drill.result', {
    drill: 'restore-shop',
    job_id: `job_${'a'.repeat(32)}`,
    verdict: 'PASS',
    rpo_ms: 75_000,
    rto_ms: 37_500,
    objective_rpo_ms: 900_000,
    objective_rto_ms: 600_000,
    phases: {},
    evidence,
  });
}

/** Width and height that a PNG says it has; undefined when it is none. */
export function pngSize(bytes: Uint8Array | undefined): [number, number] | undefined {
  const data = Buffer.from(bytes ?? []);
  if (data.subarray(0, 8).toString('hex') !== '89504e470d0a1a0a') return undefined;
  return [data.readUInt32BE(16), data.readUInt32BE(20)];
}
