import { ReeveError, fail } from '../../contracts/errors.ts';
import { isTerminal, type JobSpec } from '../../contracts/job.ts';
import { Plan } from '../../contracts/plan.ts';
import type { RecordBody, RecordType } from '../../contracts/record.ts';
import { digestOf } from '../digest.ts';
import type { AppendResult } from '../ports/ledger.ts';
import { own, type JobEntry, type JobsState } from './entries.ts';
import { capOf, deepFreeze } from './identity.ts';
import { locksProjection, type LocksState } from './locks.ts';
import type { JobsOptions } from './options.ts';
import { jobsProjection } from './projection.ts';
import type { Run } from './run.ts';
import { Scratch } from './scratch.ts';
import { NO_ROOM } from './verdict.ts';

/** How long to wait before an outcome is offered to a full disk again, ms. */
const ROOM_MS = 1000;

/** Plans kept for looking at; the oldest goes first. */
const KEPT_PLANS = 50;

/** What the parts of the engine share. */
export class Core {
  readonly options: JobsOptions;
  readonly scratch: Scratch;
  /** Attempts that run in this process, by attempt id. */
  readonly running = new Map<string, Run>();
  /** Aborted when the daemon does not wait any longer. */
  readonly end = new AbortController();
  stopping = false;
  readonly #plans = new Map<string, Plan>();

  constructor(options: JobsOptions) {
    this.options = options;
    this.scratch = new Scratch(options.dir);
  }

  get jobs(): JobsState {
    return this.options.state.get(jobsProjection);
  }
  get locks(): LocksState {
    return this.options.state.get(locksProjection);
  }
  entry(jobId: string): JobEntry | undefined {
    return own(this.jobs.jobs, jobId);
  }
  now(): number {
    return this.options.clock.now();
  }

  /** Expiry, halt, revocation (also of parents), scope and plan. Throws. */
  check(spec: JobSpec, gid: string): void {
    const { project, plan_digest } = spec;
    this.options.grants.check(gid, { project, cap: capOf(spec), plan: plan_digest });
  }

  /** Throws FENCED unless this attempt is its job's newest and has not ended. */
  mustBeCurrent(jobId: string, attemptId: string, fence: number): void {
    const last = this.entry(jobId)?.attempts.at(-1);
    if (last === undefined || last.fence !== fence || isTerminal(last.record.status)) {
      throw fail('FENCED', { attempt: attemptId });
    }
  }

  /**
   * Records what has happened already: when the disk is full it is offered again until there is room, since an outcome
   * cannot be refused like a wish.
   */
  async outcome<T extends RecordType>(
    type: T,
    body: RecordBody<T>,
    guard?: () => void,
  ): Promise<AppendResult<T>> {
    const { ledger, clock, warn } = this.options;
    for (;;) {
      try {
        return await ledger.append(type, body, guard === undefined ? {} : { guard });
      } catch (error) {
        if (!(error instanceof ReeveError) || !NO_ROOM.has(error.code) || this.end.signal.aborted)
          throw error;
        warn(`recording ${type}`, error);
        await clock.sleep(ROOM_MS, { signal: this.end.signal, unref: true });
      }
    }
  }

  /**
   * The plan that was confirmed, from the artifact whose digest the grant is bound to, frozen. Rejects
   * GRANT_PLAN_MISMATCH, ARTIFACT_NOT_FOUND, ARTIFACT_CORRUPT.
   */
  async plan(spec: JobSpec): Promise<Plan> {
    const bytes = await this.options.artifacts.get(spec.plan_digest);
    if (digestOf(bytes) !== spec.plan_digest) throw fail('ARTIFACT_CORRUPT', { digest: spec.plan_digest });
    const plan = Plan.safeParse(JSON.parse(Buffer.from(bytes).toString('utf8')));
    if (!plan.success) throw fail('GRANT_PLAN_MISMATCH', {}, { cause: plan.error });
    return deepFreeze(plan.data);
  }

  /**
   * The same to be looked at: it may have been read before, since a digest names one plan only. What runs is read anew.
   */
  async shownPlan(spec: JobSpec): Promise<Plan> {
    const known = this.#plans.get(spec.plan_digest);
    if (known !== undefined) return known;
    const plan = await this.plan(spec);
    const [oldest] = this.#plans.keys();
    if (oldest !== undefined && this.#plans.size >= KEPT_PLANS) this.#plans.delete(oldest);
    this.#plans.set(spec.plan_digest, plan);
    return plan;
  }
}

export const asReeve = (error: unknown): ReeveError =>
  error instanceof ReeveError
    ? error
    : fail(
        'INTERNAL',
        { why: error instanceof Error ? error.message : String(error), log: 'reeve.log' },
        { cause: error },
      );
