import { join } from 'node:path';
import { fail } from '../../../contracts/errors.ts';
import { controlOutput } from '../control.ts';
import type { DriverContext, DriverDeps, RestoreResult } from '../driver.ts';
import { fetchFile, fileControl } from '../fetch.ts';
import { absolute } from '../options.ts';
import { Phases } from '../phases.ts';
import { disaster, figureOutputs, recoveryPoint } from '../recovery-point.ts';
import { Shelf } from '../shelf.ts';
import { inTarget } from '../target.ts';
import { askService } from '../verify/service.ts';
import { ENDING } from './backup.ts';
import type { RestoreOptions } from './options.ts';
import { askProcess, saysFull } from './process.ts';

/**
 * Copies a backup into the scratch, has SQLite check every page of it, asks the data, starts the service on it; and then
 * damages copies on purpose, which must be noticed. The scratch is gone when this settles, whichever way.
 *
 * @throws BACKUP_NOT_FOUND, BACKUP_CORRUPT, RESTORE_*, SENTINEL_MISSING, SERVICE_NOT_ANSWERING, DRILL_WORTHLESS
 */
export async function restoreSqlite(
  deps: DriverDeps,
  options: RestoreOptions,
  context: DriverContext,
): Promise<RestoreResult> {
  const from = absolute(context.root, options.from);
  const live = options.live === undefined ? [] : [absolute(context.root, options.live)];
  return inTarget(deps, context, { wanted: options.target, avoid: [...live, from] }, (target) =>
    drill(deps, options, context, new Shelf(deps, 'sqlite', from, ENDING), target),
  );
}

async function drill(
  deps: DriverDeps,
  options: RestoreOptions,
  context: DriverContext,
  shelf: Shelf,
  target: string,
): Promise<RestoreResult> {
  const { service, ...verify } = options.verify;
  const table = options.sentinel === undefined ? undefined : tableOf(deps, options.sentinel);
  const cut = await disaster(deps, context, 'sqlite', options.sentinel);
  const phases = new Phases(deps.clock, context.signal);
  const file = join(target, 'restored.sqlite');
  const backup = await phases.run('fetch', () => shelf.find(options.backup, options.checkpoint));
  await phases.run('restore', () => fetchFile(deps, context, backup, file));
  const request = {
    do: 'verify' as const,
    file,
    verify,
    counts: backup.checkpoint.counts ?? null,
    at: cut.at,
    sentinel:
      table === undefined || options.sentinel === undefined ? null : { table, name: options.sentinel },
  };
  const failed = (why: string): Error =>
    saysFull(why)
      ? fail('RESTORE_DISK_FULL', { path: target })
      : fail('RESTORE_MISMATCH', { why: `SQLite cannot read it: ${why}` });
  const ask = (control: boolean) => askProcess(deps, context, { ...request, control }, failed);
  const { outputs = {}, mark = null } = await phases.run('verify', () => ask(false));
  const point = await recoveryPoint(deps, cut, mark, backup.checkpoint.at);

  // Before the service, which may write into the copy; no part of the recovery time.
  const controls = [await fileControl(deps, context, backup, target)];
  const { control } = await ask(true);
  if (control !== undefined) controls.push(control);
  if (service !== undefined)
    outputs['service'] = await phases.run('boot', () =>
      askService(deps, context, service, { restored: file, cwd: target, env: { DATABASE_FILE: file } }),
    );
  return {
    outputs: {
      backup_id: backup.id,
      manifest: backup.digest,
      checkpoint: backup.digest,
      ...outputs,
      ...figureOutputs(point, phases.sum(), phases.all()),
      control: controlOutput(controls),
    },
    artifacts: [],
    phases: phases.all(),
  };
}

function tableOf(deps: Pick<DriverDeps, 'sentinels'>, name: string): string {
  const spec = deps.sentinels.spec(name);
  if (spec.kind === 'sqlite') return spec.table;
  throw fail('SENTINEL_MISSING', { sentinel: name, why: `it is of the kind ${spec.kind}, not sqlite` });
}
