import type { TrajectoryLine } from '../../contracts/trajectory.ts';

/** The state zone's trajectory files and the sections of NOTES.md (DESIGN §8). */
export interface Trajectory {
  /** Appends one line to `{agent}-{date}.jsonl`, in order. Resolves when it is in the file; never fails the work it describes: a failure is logged and shown in /readyz. */
  step(line: Omit<TrajectoryLine, 'timestamp'>): Promise<void>;
  /** A dated line under "Decision Log". */
  decision(text: string): Promise<void>;
  /** A dated line under "Technical Debt". */
  debt(text: string): Promise<void>;
  /** Replaces "Session Continuity": what runs, what waits, what to look at. */
  continuity(text: string): Promise<void>;
  /** Replaces "Blockers". */
  blockers(lines: string[]): Promise<void>;
}
