import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import type { JsonObject } from '../../../contracts/json.ts';
import { canonical } from '../../canonical.ts';
import { renameDurably } from '../../durable.ts';
import type { DriverContext, DriverDeps, RestoreResult } from '../driver.ts';
import { negativeControl, type Control } from './control.ts';
import { fetchBackup, type Fetched } from './fetch.ts';
import type { RestoreOptions } from './options.ts';
import { Phases } from '../phases.ts';
import { inTarget } from '../target.ts';
import { askCopy, verifyCopy, type Verified } from './verify.ts';

const RESTORE_TYPE = 'application/vnd.reeve.restore.report.v1+json';

/**
 * Restores a backup of Reeve's home into a scratch folder, verifies it there and starts a service on it. The live home is
 * only read. The scratch is gone when this settles, whichever way.
 *
 * The simulated disaster is the start of this function: a second sentinel is committed and counts as lost with all that
 * came after the cut. Then
 *
 * - `rpo_ms` = max(0, time of the newest live record at the disaster − time of the newest record that the service on the
 *   restored copy answers with), both from the ledger's own time stamps;
 * - `rto_ms` = monotonic time from the disaster to the last right answer of that service: fetch (find the backup, copy it
 *   and check every digest), restore (lay it out as a home), verify (signatures, Merkle root, live root at that size,
 *   projections), boot (open it and ask). The negative control comes after and is no part of it.
 *
 * @throws BACKUP_NOT_FOUND, BACKUP_CORRUPT, RESTORE_TARGET_REFUSED, RESTORE_MISMATCH, RESTORE_DISK_FULL, DRILL_WORTHLESS
 */
export async function runRestore(
  deps: DriverDeps,
  options: RestoreOptions,
  context: DriverContext,
): Promise<RestoreResult> {
  return inTarget(deps, context, { wanted: options.target }, (target) =>
    drill(deps, options, context, target),
  );
}

async function drill(
  deps: DriverDeps,
  options: RestoreOptions,
  { job_id, signal }: DriverContext,
  target: string,
): Promise<RestoreResult> {
  const after = { uuid: randomUUID() };
  const { record } = await deps.ledger.append('drill.sentinel', { ...after, job_id, at: 'disaster' });
  const lost = { ts: Math.max(record.ts, deps.ledger.lastTs()), size: deps.ledger.head().size };

  const phases = new Phases(deps.clock, signal);
  const staged = join(target, 'fetched');
  const home = join(target, 'home');
  const ledger = join(home, 'ledger');
  const fetched = await phases.run('fetch', () => fetchBackup(deps, options, staged, signal));
  await phases.run('restore', () => renameDurably(deps.fs, staged, home));
  const verified = await phases.run('verify', () => verifyCopy(deps, ledger, fetched.manifest));
  const newest = await phases.run('boot', () => askCopy(deps, ledger, fetched.manifest, after));
  const rto = phases.total();

  const control = await negativeControl(ledger, join(target, 'control'), verified.head, deps.verify);
  const figures: Figures = {
    rpo_ms: Math.max(0, lost.ts - newest.ts),
    rto_ms: rto,
    records_lost: lost.size - verified.head.size,
    disaster_ms: lost.ts,
    newest_ms: newest.ts,
    phases: phases.all(),
  };
  const report = Buffer.from(`${canonical(reportOf(fetched, verified, figures, control))}\n`);
  const artifact = await deps.artifacts.put(report, {
    mediaType: RESTORE_TYPE,
    name: `restore-${fetched.manifest.backup_id}.json`,
  });
  return {
    outputs: outputsOf(fetched, verified, figures, control),
    artifacts: [artifact],
    phases: figures.phases,
  };
}

interface Figures {
  rpo_ms: number;
  rto_ms: number;
  records_lost: number;
  disaster_ms: number;
  newest_ms: number;
  phases: Record<string, number>;
}

function reportOf(
  { manifest, digest }: Fetched,
  { head, live_root, state }: Verified,
  figures: Figures,
  control: Control,
): JsonObject {
  return {
    v: 1,
    kind: 'reeve.restore',
    backup_id: manifest.backup_id,
    manifest: digest,
    origin: manifest.origin,
    restored: { ...head },
    live_root,
    state,
    sentinel: manifest.sentinel,
    figures: { ...figures },
    negative_control: { ...control },
  };
}

function outputsOf(
  { manifest, digest }: Fetched,
  { head, live_root, state }: Verified,
  figures: Figures,
  control: Control,
): Record<string, string> {
  const phases = Object.entries(figures.phases).map(([name, ms]) => [`phase_${name}_ms`, String(ms)]);
  return {
    backup_id: manifest.backup_id,
    manifest: digest,
    size: String(head.size),
    root: head.root,
    live_root,
    state: state.digest,
    rpo_ms: String(figures.rpo_ms),
    rto_ms: String(figures.rto_ms),
    records_lost: String(figures.records_lost),
    control: `noticed: ${control.noticed}`,
    ...Object.fromEntries(phases),
  };
}
