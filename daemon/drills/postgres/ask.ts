import { fail } from '../../../contracts/errors.ts';
import type { Control } from '../control.ts';
import type { DriverContext, DriverDeps, RestoreResult } from '../driver.ts';
import type { Phases } from '../phases.ts';
import { figureOutputs, recoveryPoint, type Disaster, type RecoveryPoint } from '../recovery-point.ts';
import type { Shelved } from '../shelf.ts';
import { verifyData } from '../verify/data.ts';
import { askService } from '../verify/service.ts';
import { urlOf, type Address, type Connection } from './connect.ts';
import { copyOf, markIn, rowControl } from './copy.ts';
import type { RestoreOptions } from './options.ts';

export interface Restored {
  /** A connection to the copy. */
  open(readOnly: boolean): Promise<Connection>;
  address: Address;
  database: string;
  /** Scratch folder. */
  target: string;
  backup: Shelved;
  cut: Disaster;
  phases: Phases;
}

export interface Asked {
  outputs: Record<string, string>;
  point: RecoveryPoint;
  control: Control;
  /** Starts the service on the copy, when there is one to start; after everything that wants the copy untouched. */
  boot(): Promise<Record<string, string>>;
}

/** Verifies a restored database, measures the recovery point, and proves by deleting a row that it would have been noticed. */
export async function ask(
  deps: DriverDeps,
  options: RestoreOptions,
  context: DriverContext,
  on: Restored,
): Promise<Asked> {
  const { service, ...verify } = options.verify;
  const { backup, cut, phases } = on;
  const sentinel = options.sentinel === undefined ? undefined : tableOf(deps, options.sentinel);
  const { counts } = backup.checkpoint;
  const look = async (
    connection: Connection,
  ): Promise<{ outputs: Record<string, string>; point: RecoveryPoint }> => {
    const outputs = await verifyData(copyOf(connection), verify, counts, cut.at);
    const mark = sentinel === undefined ? null : await markIn(connection, sentinel);
    return { outputs, point: await recoveryPoint(deps, cut, mark, backup.checkpoint.at) };
  };
  const { outputs, point } = await phases.run('verify', () => using(on.open(true), look));

  const counted = verify.counts ? Object.entries(counts ?? {}) : [];
  const tables = counted
    .filter(([name, rows]) => rows > 0 && !(sentinel !== undefined && name.endsWith(sentinel.table)))
    .sort(([, a], [, b]) => b - a)
    .map(([name]) => name);
  const asked = [
    ...verify.newest.map(({ table }) => table),
    ...(sentinel === undefined ? [] : [sentinel.table]),
  ];
  // Without counts, the row that is deleted is one of a table that is looked at, or any: to be noticed is its own matter.
  const candidates = tables.length > 0 ? tables : [...asked, ...Object.keys(counts ?? {})];
  const control = await using(on.open(false), (connection) =>
    rowControl(connection, candidates, () => look(connection)),
  );
  return {
    outputs,
    point,
    control,
    async boot(): Promise<Record<string, string>> {
      if (service === undefined) return {};
      const DATABASE_URL = urlOf(on.address, on.database);
      const restored = { restored: on.target, env: { DATABASE_URL } };
      return { service: await phases.run('boot', () => askService(deps, context, service, restored)) };
    },
  };
}

async function using<T>(
  opening: Promise<Connection>,
  work: (connection: Connection) => Promise<T>,
): Promise<T> {
  const connection = await opening;
  try {
    return await work(connection);
  } finally {
    await connection.close();
  }
}

function tableOf(deps: Pick<DriverDeps, 'sentinels'>, name: string): { table: string; name: string } {
  const spec = deps.sentinels.spec(name);
  if (spec.kind === 'postgres') return { table: spec.table, name };
  throw fail('SENTINEL_MISSING', { sentinel: name, why: `it is of the kind ${spec.kind}, not postgres` });
}

export function resultOf(
  backup: Shelved,
  outputs: Record<string, string>,
  point: RecoveryPoint,
  phases: Phases,
): RestoreResult {
  return {
    outputs: {
      backup_id: backup.id,
      manifest: backup.digest,
      checkpoint: backup.digest,
      ...outputs,
      ...figureOutputs(point, phases.sum(), phases.all()),
    },
    artifacts: [],
    phases: phases.all(),
  };
}
