import type { Clock } from '../ports/clock.ts';
import type { Leftovers } from './leftovers.ts';

export interface SweepDeps {
  clock: Clock;
  leftovers: Leftovers;
  secret(name: string): Promise<string>;
  note(message: string, fields: Record<string, unknown>): void;
  /** Told of what could not be removed; it is tried again at the next start. */
  warn(what: string, error: unknown): void;
}

/**
 * Ends the private servers that an earlier run left. Before the scratch folders are cleared: their files tell which
 * processes these are.
 */
export async function sweepServers(deps: SweepDeps): Promise<void> {
  for (const { leftover, forget } of await deps.leftovers.open()) {
    if (leftover.kind !== 'server') continue;
    const { sweepServer } = await import('./postgres/server.ts');
    const ended = await sweepServer(leftover, deps.clock);
    if (ended)
      deps.note('ended a private PostgreSQL server that an earlier run had left', { data: leftover.data });
    await forget();
  }
}

/** Removes the scratch databases that an earlier run left. */
export async function sweepDatabases(deps: SweepDeps): Promise<void> {
  for (const { leftover, forget } of await deps.leftovers.open()) {
    if (leftover.kind !== 'database') continue;
    const { database, server } = leftover;
    try {
      const [{ addressOf }, { sweepDatabase }] = await Promise.all([
        import('./postgres/connect.ts'),
        import('./postgres/scratch.ts'),
      ]);
      const done = await sweepDatabase(leftover, addressOf(server, await deps.secret(server)));
      if (done === 'removed')
        deps.note('removed a scratch database that an earlier run had left', { database });
      if (done === 'not ours')
        deps.note('left a database alone that is not certainly a scratch one', { database });
      await forget();
    } catch (error) {
      deps.warn(`the scratch database ${database}, which an earlier run had left`, error);
    }
  }
}
