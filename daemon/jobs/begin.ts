import { fail } from '../../contracts/errors.ts';
import type { Plan } from '../../contracts/plan.ts';
import type { RecordBody } from '../../contracts/record.ts';
import type { Runbook } from '../../contracts/runbook.ts';
import { attemptRecord } from './attempt.ts';
import { AttemptLog } from './attempt-log.ts';
import type { Core } from './core.ts';
import type { JobEntry } from './entries.ts';
import { grantOf } from './refuse.ts';
import { Run } from './run.ts';

export interface Beginning {
  entry: JobEntry;
  plan: Plan;
  /** Undefined when the file is not the one that was planned any more: it only gives the words that the trajectory quotes. */
  runbook: Runbook | undefined;
  attemptId: string;
  fence: number;
  lock: string | null;
  /** The attempt's own grant. */
  childId: string;
  /** Values that must not stand in its log. */
  secrets: Readonly<Record<string, string>>;
  createdAt: string;
  /** `open`: it has begun nothing yet. `resume`: a daemon before has, and what it printed stays. */
  log: 'open' | 'resume';
  why?: string;
  /** Throws, at the instant of sequencing, when it may not run. */
  guard(): void;
}

/** Folder, log, and the durable RUNNING of an attempt. Leaves nothing behind when it rejects. */
export async function begin(
  core: Core,
  { entry, secrets, log: how, why, guard, ...is }: Beginning,
): Promise<Run> {
  const { clock, redactor, live, ledger, owner, config, artifacts } = core.options;
  const { spec } = entry;
  const { attemptId, fence } = is;
  const redact = redactor(Object.values(secrets));
  const scratch = await core.scratch.make(attemptId);
  let log: AttemptLog | undefined;
  try {
    let running: Run | undefined;
    const maxBytes = config.current().config.limits.output_bytes;
    log = await AttemptLog[how]({
      path: core.scratch.logPath(attemptId),
      jobId: spec.job_id,
      attemptId,
      clock,
      artifacts,
      live,
      redactor: redact,
      maxBytes,
      overflow: (step) => running?.stopStep?.(fail('STEP_OUTPUT_LIMIT', { step, max: maxBytes })),
    });
    const run = new Run({ ...is, spec, grantId: grantOf(entry), scratch, log, redactor: redact });
    running = run;
    const body: RecordBody<'job.attempt'> = {
      attempt: { ...attemptRecord(run, core.now()), status: 'RUNNING' },
      fence,
      owner,
      ...(why === undefined ? {} : { why }),
    };
    await ledger.append('job.attempt', body, {
      guard: () => {
        guard();
        // From this instant on an interruption must find it.
        core.running.set(attemptId, run);
      },
    });
    return run;
  } catch (error) {
    core.running.delete(attemptId);
    await (how === 'open' ? log?.discard() : log?.close());
    await core.scratch.remove(scratch);
    throw error;
  }
}
