import type { Artifacts } from '../ports/artifacts.ts';
import type { Clock } from '../ports/clock.ts';
import type { Config } from '../ports/config.ts';
import type { Grants } from '../ports/grants.ts';
import type { Ledger } from '../ports/ledger.ts';
import type { Live } from '../ports/live.ts';
import type { Runbooks } from '../ports/runbooks.ts';
import type { StateView } from '../ports/state.ts';
import type { Redactor, StepRunner, StepServices } from '../ports/steps.ts';
import type { Trajectory } from '../ports/trajectory.ts';
import type { Work } from '../ports/work.ts';

/** What the engine is made of. */
export interface JobsOptions {
  ledger: Ledger;
  /** Holds `jobsProjection` and `locksProjection`. */
  state: StateView;
  clock: Clock;
  artifacts: Artifacts;
  config: Config;
  runbooks: Pick<Runbooks, 'get'>;
  trajectory: Pick<Trajectory, 'step'>;
  live: Pick<Live, 'publish'>;
  steps: StepRunner;
  services: StepServices;
  /** The re-check before every step, and the job-scoped child grant. */
  grants: Pick<Grants, 'check' | 'child'>;
  /** What keeps work from starting, and a halt that takes effect at once. */
  work: Pick<Work, 'admit' | 'onHalt'>;
  /** Removes these values (the runbook's declared secrets), and whatever else the estate hides, from text. */
  redactor(secretValues: string[]): Redactor;
  /** A folder of this engine alone, absolute: `scratch/` and `logs/` of running attempts are made in it, 0700. */
  dir: string;
  /** Which daemon runs the attempts, for the record. */
  owner: string;
  /** Ends the processes that an attempt of a killed daemon left running, and says how many. Resolves when they are gone. */
  endStrays?(attemptId: string): Promise<number>;
  /** For what a person should know though nothing fails: a log that could not be stored … */
  warn(what: string, error: unknown): void;
  /** A lock's lease, ms; renewed at half of it while its attempt runs. Default 2 minutes. */
  leaseMs?: number;
  /** How long a step may take to stop after it was told to, ms. Then its outcome is UNKNOWN. Default 15 s. */
  abandonMs?: number;
}

export const LEASE_MS = 120_000;
export const ABANDON_MS = 15_000;
