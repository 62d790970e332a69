import { fail } from '../../contracts/errors.ts';
import type { DriverContext, DriverDeps, SentinelMark } from './driver.ts';

/** The simulated disaster: whatever was written later counts as lost. */
export interface Disaster {
  /** Time of its ledger record, ms. */
  at: number;
  /** The newest mark that stood in the live data then. */
  sentinel?: { name: string; mark: SentinelMark | null };
}

/** Records the cut, durably, before anything is restored. */
export async function disaster(
  deps: Pick<DriverDeps, 'ledger' | 'sentinels'>,
  { job_id, attempt_id }: Pick<DriverContext, 'job_id' | 'attempt_id'>,
  driver: string,
  sentinel: string | undefined,
): Promise<Disaster> {
  const mark = sentinel === undefined ? null : await deps.sentinels.newest(sentinel);
  const of = sentinel === undefined ? {} : { sentinel: mark === null ? null : { name: sentinel, ...mark } };
  const { record } = await deps.ledger.append('drill.cut', { job_id, attempt_id, driver, ...of });
  return { at: record.ts, ...(sentinel === undefined ? {} : { sentinel: { name: sentinel, mark } }) };
}

export interface RecoveryPoint {
  rpo_ms: number;
  /** What it was measured by: a mark in the data, or only the time of the backup. */
  rpo_basis: 'sentinel' | 'backup_time';
  sentinel?: string;
}

/**
 * `rpo_ms` = time of the disaster − time of the newest mark that the restored copy holds. The mark must be one that this
 * daemon wrote, and before the disaster: otherwise the copy is of something else. Without a sentinel, the time at which the
 * backup was taken counts.
 *
 * @throws SENTINEL_MISSING, DRILL_WORTHLESS
 */
export async function recoveryPoint(
  deps: Pick<DriverDeps, 'sentinels'>,
  cut: Disaster,
  found: SentinelMark | null,
  backupAt: number,
): Promise<RecoveryPoint> {
  if (cut.sentinel === undefined) return { rpo_ms: Math.max(0, cut.at - backupAt), rpo_basis: 'backup_time' };
  const { name, mark } = cut.sentinel;
  const missing = (why: string): Error => fail('SENTINEL_MISSING', { sentinel: name, why });
  if (found === null) throw missing(mark === null ? 'none was written yet' : 'it has none');
  if ((await deps.sentinels.known(name, found)) === 'no')
    throw missing(`the mark ${found.uuid} in it was never written here`);
  // Nothing restored can be younger than the disaster: what was read is the live data, or the clock was set back.
  if (found.at > cut.at)
    throw fail('DRILL_WORTHLESS', {
      why: `the mark ${found.uuid} in it was written after the disaster, so what was read is no restored copy`,
    });
  return { rpo_ms: cut.at - found.at, rpo_basis: 'sentinel', sentinel: found.uuid };
}

/** The figures as outputs; times are decimal integers, ms. */
export function figureOutputs(
  { rpo_ms, rpo_basis, sentinel }: RecoveryPoint,
  rto_ms: number,
  phases: Record<string, number>,
): Record<string, string> {
  return {
    rpo_ms: String(rpo_ms),
    rpo_basis,
    ...(sentinel === undefined ? {} : { sentinel }),
    rto_ms: String(rto_ms),
    ...Object.fromEntries(Object.entries(phases).map(([name, ms]) => [`phase_${name}_ms`, String(ms)])),
  };
}
