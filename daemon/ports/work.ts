import type { Scope } from '../../contracts/records/admin.ts';
import type { Halt } from './grants.ts';

/** When and why new work stopped; `drain`: for a restart. */
export type Pause = { since: number; by: string; reason: string; drain: boolean };

/** Whether new work may start: halt, pause, drain. */
export interface Work {
  halted(project: string): Halt | undefined;
  halts(): { scope: string; since: number; by: string; reason: string }[];
  paused(): Pause | undefined;
  /** Throws HALTED, PAUSED or DRAINING. */
  admit(project: string): void;
  /**
   * Takes effect at once, in memory, before anything is written; then it is recorded. When the ledger cannot be written
   * the halt still stands, is kept in a preallocated file, and `recorded` is false; when not even that can be written,
   * `kept` is false too and the halt ends with the daemon.
   */
  halt(scope: Scope, by: string, reason: string): Promise<{ recorded: boolean; kept: boolean }>;
  lift(scope: Scope, by: string, reason: string): Promise<void>;
  pause(by: string, reason: string, drain: boolean): Promise<void>;
  resume(by: string, reason: string): Promise<void>;
  /** Called at once when something is halted. */
  onHalt(listener: (scope: Scope) => void): () => void;
}
