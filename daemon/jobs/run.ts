import type { ReeveError } from '../../contracts/errors.ts';
import type { JobSpec } from '../../contracts/job.ts';
import type { Plan } from '../../contracts/plan.ts';
import type { Runbook } from '../../contracts/runbook.ts';
import type { Redactor } from '../ports/steps.ts';
import type { AttemptLog } from './attempt-log.ts';

export interface RunParts {
  spec: JobSpec;
  plan: Plan;
  /** Undefined when it is gone or another one by now: the plan is what runs. */
  runbook: Runbook | undefined;
  attemptId: string;
  fence: number;
  /** The grant that was used for the job, and the attempt's own under it. */
  grantId: string;
  childId: string;
  /** The lock that this attempt itself holds. */
  lock: string | null;
  scratch: string;
  log: AttemptLog;
  redactor: Redactor;
  createdAt: string;
}

/** One attempt while it runs. */
export class Run {
  readonly parts: RunParts;
  /** Ends the planned steps: cancel, time out. Rollback steps may follow. */
  readonly soft = new AbortController();
  /** Ends everything: halt, revocation, a lost lock, shutdown. Nothing follows. */
  readonly hard = new AbortController();
  /** What the step that runs now is stopped with when it alone is to stop (output limit). */
  stopStep: ((error: ReeveError) => void) | undefined;
  readonly outputs: Record<string, Record<string, string>> = {};

  constructor(parts: RunParts) {
    this.parts = parts;
  }

  cancel(error: ReeveError): void {
    if (!this.soft.signal.aborted) this.soft.abort(error);
  }
  kill(error: ReeveError): void {
    if (!this.hard.signal.aborted) this.hard.abort(error);
    this.cancel(error);
  }
}
