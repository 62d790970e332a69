import { ReeveError, fail } from '../../contracts/errors.ts';
import type { TerminalStatus } from '../../contracts/job.ts';
import type { JsonObject } from '../../contracts/json.ts';
import type { Plan } from '../../contracts/plan.ts';
import type { RecordBody } from '../../contracts/record.ts';
import { cut } from '../text.ts';
import { conclude } from './attempt.ts';
import { storeLog } from './attempt-log.ts';
import { begin } from './begin.ts';
import { asReeve, type Core } from './core.ts';
import type { AttemptEntry, JobEntry } from './entries.ts';
import { isGameDay, resumeGameDay } from './gameday.ts';
import type { LockKeeper } from './keeper.ts';
import { see } from './launch.ts';
import type { Phases } from './phases.ts';
import { utc } from './identity.ts';
import { grantOf, type Ended } from './refuse.ts';
import type { Run } from './run.ts';
import { isWhole, type Verdict } from './verdict.ts';

/** A game day that a killed daemon left after its method had begun: it still owes its rollback. */
export interface LeftDay {
  entry: JobEntry;
  attempt: AttemptEntry;
  plan: Plan;
  /** Processes of it that were ended now. */
  strays: number;
}

/** What of an attempt that ran when the daemon died is owed; undefined for any but a game day whose method had begun. */
export async function leftDay(
  core: Core,
  entry: JobEntry,
  attempt: AttemptEntry,
  strays: number,
): Promise<LeftDay | undefined> {
  // A plan that cannot be read is said where the outcome is recorded.
  const plan = await core.plan(entry.spec).catch(() => undefined);
  if (plan === undefined || !isGameDay(plan)) return undefined;
  const method = new Set(plan.steps.filter(({ phase }) => phase === 'method').map(({ name }) => name));
  if (!attempt.steps.some(({ name }) => method.has(name))) return undefined;
  return { entry, attempt, plan, strays };
}

/**
 * Puts back what the attempt disturbed, as the same attempt and under the plan that was confirmed with it: neither an
 * expired grant, a halt nor a changed file keeps it from that. Only who holds its lock now has taken over. Never rejects.
 */
export async function takeUp(core: Core, keeper: LockKeeper, left: LeftDay): Promise<Ended> {
  const { entry, attempt, plan } = left;
  const { attempt_id } = attempt.record;
  let lock: string | null = null;
  let taken: string | undefined;
  let run: Run;
  try {
    try {
      if (plan.lock !== null && (await keeper.acquire(entry.spec, attempt_id, attempt.fence, plan.lock)))
        lock = plan.lock;
    } catch (error) {
      if (!(error instanceof ReeveError) || error.code !== 'LOCK_HELD') throw error;
      taken = error.message;
    }
    run = await goOn(core, left, lock);
  } catch (error) {
    core.options.warn(`the rollback that ${attempt_id} owes`, error);
    return giveUp(core, left, asReeve(error));
  }
  return see(core, keeper, run, () => finish(core, run, left, taken));
}

/** It cannot be taken up: that is recorded, unless the ledger itself is what is wrong; then the next start tries again. */
async function giveUp(core: Core, left: LeftDay, error: ReeveError): Promise<Ended> {
  const { entry, attempt } = left;
  const { job_id } = entry.spec;
  const { attempt_id } = attempt.record;
  if (error.code.startsWith('LEDGER_') || error.code === 'FENCED') return { lost: error };
  const open = attempt.steps.findLast(({ status }) => status === 'RUNNING');
  const { artifacts, owner } = core.options;
  const log = await storeLog(artifacts, core.scratch.logPath(attempt_id), attempt_id).catch(() => undefined);
  const body: RecordBody<'job.attempt'> = {
    attempt: {
      ...attempt.record,
      status: 'UNKNOWN',
      updated_at_utc: utc(core.now()),
      error_code: 'JOB_UNKNOWN',
      retryable: false,
    },
    fence: attempt.fence,
    owner,
    why: cut(`${whyOf(left, open?.name)}; rollback not run: ${error.message}`, 1000),
    ...(log === undefined ? {} : { log }),
  };
  try {
    await core.outcome('job.attempt', body, () => core.mustBeCurrent(job_id, attempt_id, attempt.fence));
    return 'ended';
  } catch (failure) {
    return { lost: asReeve(failure) };
  }
}

async function goOn(core: Core, { entry, attempt, plan }: LeftDay, lock: string | null): Promise<Run> {
  const { services, runbooks } = core.options;
  const { attempt_id: attemptId, correlation_ids, created_at_utc } = attempt.record;
  const { fence } = attempt;
  const runbook = await runbooks.get(plan.runbook, plan.runbook_digest).catch(() => undefined);
  return begin(core, {
    entry,
    plan,
    runbook: runbook?.digest === plan.runbook_digest ? runbook : undefined,
    attemptId,
    fence,
    lock,
    childId: correlation_ids?.child_grant_id ?? grantOf(entry),
    secrets: await services.secrets(secretsOf(plan)).catch(() => ({})),
    createdAt: created_at_utc,
    log: 'resume',
    why: 'taken up again after the daemon had stopped in its middle: its rollback is owed',
    guard: () => core.mustBeCurrent(entry.spec.job_id, attemptId, fence),
  });
}

async function finish(
  core: Core,
  run: Run,
  left: LeftDay,
  taken: string | undefined,
): Promise<TerminalStatus> {
  const { spec, attemptId, fence, log, plan } = run.parts;
  const open = left.attempt.steps.findLast(({ status }) => status === 'RUNNING');
  const past = await readPast(core, run, left);
  if (open !== undefined) {
    const body = { job_id: spec.job_id, attempt_id: attemptId, fence, step: open.name, ms: 0 };
    const guard = (): void => core.mustBeCurrent(spec.job_id, attemptId, fence);
    await core.outcome('job.step.finished', { ...body, status: 'UNKNOWN', why: STOPPED }, guard);
    await log.say(open.name, `${open.name}: UNKNOWN: ${STOPPED}`);
    const repeated = plan.steps.some(({ name, phase }) => name === open.name && phase === 'again');
    // The steady state is a question: it is asked again as a whole.
    if (!repeated && !plan.idempotent) past.set(open.name, unknown(STOPPED));
  }
  const phases: Phases = {
    failure: { ...unknown(whyOf(left, open?.name)), status: 'CANCELLED', error_code: 'JOB_UNKNOWN' },
    notes: [],
    artifacts: [...past.values()].flatMap(({ artifacts }) => artifacts),
    rollback: 'none',
  };
  if (taken === undefined) return conclude(core, run, await resumeGameDay(core, run, phases, past));
  phases.rollback = 'not_run';
  phases.notes.push(`rollback not run: ${taken}`);
  if (phases.failure !== undefined) phases.failure.status = 'UNKNOWN';
  return conclude(core, run, phases);
}

const STOPPED = 'the daemon stopped while it ran';
const unknown = (why: string): Verdict => ({ status: 'UNKNOWN', why, begun: true, artifacts: [] });

function whyOf({ entry, attempt, strays }: LeftDay, open: string | undefined): string {
  const last = attempt.steps.at(-1)?.name ?? 'the start';
  const what =
    open === undefined
      ? `the daemon stopped between two steps, after ${last}`
      : fail('JOB_UNKNOWN', { id: entry.spec.job_id, step: open }).message;
  const failed = attempt.steps.find(({ status }) => status === 'FAIL' || status === 'TIMED_OUT');
  const said = failed === undefined ? '' : `; ${failed.name}: ${cut(failed.why ?? failed.status, 300)}`;
  const ended = strays === 0 ? '' : `; ${strays} process(es) it had left running were ended`;
  return `${what}${said}${ended}`;
}

/**
 * Outcomes and outputs of the steps before, from the ledger. An output that stands there hidden, shortened or with escapes
 * is left out: the step that needs it says so, and does not run with something else.
 */
async function readPast(core: Core, run: Run, { entry, attempt }: LeftDay): Promise<Map<string, Verdict>> {
  const past = new Map<string, Verdict>();
  const { attempt_id } = attempt.record;
  for await (const { type, body } of core.options.ledger.read(entry.seq)) {
    if (type !== 'job.step.finished' || body.attempt_id !== attempt_id) continue;
    const { step, status, why, error_code, outputs, artifacts = [] } = body;
    if (status === 'QUEUED' || status === 'RUNNING') continue;
    past.set(step, {
      status,
      begun: true,
      artifacts,
      ...(why === undefined ? {} : { why }),
      ...(error_code === undefined ? {} : { error_code }),
    });
    run.outputs[step] = wholeOutputs(outputs);
  }
  return past;
}

const wholeOutputs = (outputs: JsonObject = {}): Record<string, string> =>
  Object.fromEntries(
    Object.entries(outputs).filter(
      (entry): entry is [string, string] => typeof entry[1] === 'string' && isWhole(entry[1]),
    ),
  );

/** The secrets that its steps name. */
const secretsOf = ({ steps }: Plan): string[] => [
  ...new Set(
    steps.flatMap(({ spec }) => {
      const named = spec['secrets'];
      return Array.isArray(named) ? named.filter((name) => typeof name === 'string') : [];
    }),
  ),
];
