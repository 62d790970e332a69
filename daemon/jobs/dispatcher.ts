import { fail } from '../../contracts/errors.ts';
import type { JobSpec } from '../../contracts/job.ts';
import type { Plan } from '../../contracts/plan.ts';
import { isAsking, isHeal, type Asker } from './asking.ts';
import { asReeve, Core } from './core.ts';
import type { JobEntry } from './entries.ts';
import { requireGates } from './gates.ts';
import { attemptIdOf } from './identity.ts';
import { LockKeeper } from './keeper.ts';
import { launch } from './launch.ts';
import { heldError } from './locks.ts';
import type { JobsOptions } from './options.ts';
import { JobQueue, Waiters, type Waiting } from './queue.ts';
import { nextFence, refuse, type Ended } from './refuse.ts';
import { takeUp, type LeftDay } from './take-up.ts';

/** When something that may pass kept a job from starting, it is tried again after this, ms, twice as long each time … */
const TRY_AGAIN_MS = 1000;
/** … up to this. */
const MAX_AGAIN_MS = 30_000;

/** Decides what waits and what starts. */
export class Dispatcher {
  readonly core: Core;
  readonly keeper: LockKeeper;
  readonly waiters = new Waiters();
  readonly #queue = new JobQueue();
  readonly #idle = new Set<() => void>();
  /** How often a job could not be started, by job. */
  readonly #tries = new Map<string, number>();
  #pumping = false;
  #timer: (() => void) | undefined;

  constructor(options: JobsOptions) {
    this.core = new Core(options);
    this.keeper = new LockKeeper(this.core, () => this.pump());
  }

  /**
   * Whether a job may be queued, at the instant of sequencing. Throws HALTED, PAUSED, DRAINING, what the grant check
   * throws, GATE_CLOSED, QUEUE_FULL, LOCK_HELD.
   */
  mayQueue(spec: JobSpec, plan: Plan, grantId: string): void {
    this.admit(spec.project, spec.parent !== undefined);
    this.core.check(spec, grantId);
    this.precheck(plan, spec);
  }

  /** Throws GATE_CLOSED, QUEUE_FULL, LOCK_HELD. */
  precheck(plan: Plan, spec: Asker): void {
    requireGates(this.core.jobs, plan, this.core.now());
    this.#queue.requireRoom(this.core.options.config.current().config.limits.queue);
    if (plan.lock !== null && plan.on_conflict === 'refuse') this.#requireLock(spec, plan.lock);
  }

  /** Throws HALTED, PAUSED, DRAINING. What a running job calls is part of it: only a halt keeps it back. */
  admit(project: string, child: boolean): void {
    if (this.core.stopping) throw fail('DRAINING');
    try {
      this.core.options.work.admit(project);
    } catch (error) {
      const { code } = asReeve(error);
      if (!child || (code !== 'PAUSED' && code !== 'DRAINING')) throw error;
    }
  }

  /** Adds a job. `writing` ones start only once `settle` says that their record is durable. */
  add(spec: JobSpec, lock: string | null, since: number, state: Waiting['state'], notBefore = 0): void {
    const { job_id: jobId, project, reason, parent } = spec;
    const [child, heals] = [parent !== undefined, isHeal(spec)];
    this.#queue.add({ jobId, lock, project, reason, child, heals, since, notBefore, state });
  }

  settle(jobId: string, durable: boolean): void {
    const item = this.#queue.find(jobId);
    if (item?.state !== 'writing') return;
    if (durable) item.state = 'ready';
    else this.#queue.remove(jobId);
    this.pump();
  }

  /** Ends a job that still waits; one whose attempt is being started sees the cancel itself. */
  async cancelWaiting(jobId: string): Promise<void> {
    const item = this.#queue.find(jobId);
    const cancel = this.core.entry(jobId)?.cancel;
    if (item === undefined || item.state === 'busy' || cancel === undefined) return;
    item.state = 'busy';
    const result = await refuse(this.core, jobId, fail('JOB_CANCELLED', cancel));
    this.#queue.remove(jobId);
    this.#rest();
    if (typeof result === 'object') throw 'wait' in result ? result.wait : result.lost;
  }

  /** Sees a game day to its end that the daemon before left in its middle; it counts as running from now on. */
  takeUp(left: LeftDay): void {
    const { spec, queued_at } = left.entry;
    this.add(spec, left.plan.lock, queued_at, 'busy');
    void takeUp(this.core, this.keeper, left).then((result) => {
      this.#ended(spec.job_id, left.plan.lock, result);
      this.#rest();
    });
  }

  /** Starts whatever may start now. */
  pump(): void {
    if (this.#pumping || this.core.stopping) return;
    this.#pumping = true;
    try {
      const limit = this.core.options.config.current().config.limits.concurrent_jobs;
      const slots = limit - this.#queue.busyOwn;
      const startable = this.#queue.startable(
        this.core.now(),
        slots,
        (one) => this.#mustWait(one),
        ({ jobId }) => isAsking(this.core.jobs.jobs, jobId),
      );
      for (const item of startable) {
        item.state = 'busy';
        void this.#launch(item);
      }
      this.#wakeUp();
    } finally {
      this.#pumping = false;
    }
  }

  /** Resolves when no attempt runs or is being started. */
  async drain(): Promise<void> {
    while (this.#queue.busy > 0) await new Promise<void>((resolve) => this.#idle.add(resolve));
  }

  stop(): void {
    this.#timer?.();
    this.#timer = undefined;
  }

  #mustWait({ jobId, project, lock, child }: Waiting): boolean {
    const entry = this.core.entry(jobId);
    if (entry === undefined) return true;
    if (entry.cancel !== undefined) return false;
    try {
      this.admit(project, child);
    } catch {
      return true;
    }
    return lock !== null && this.keeper.blocker(entry.spec, lock) !== undefined;
  }

  async #launch(item: Waiting): Promise<void> {
    const { jobId } = item;
    const result = await launch(this.core, this.keeper, jobId);
    const error = result === 'ended' ? undefined : 'wait' in result ? result.wait : result.lost;
    // For good, until the daemon is restarted.
    if (error?.code === 'LEDGER_UNWRITABLE') this.waiters.loseAll(error);
    if (typeof result === 'object' && 'wait' in result) {
      const tries = this.#tries.get(jobId) ?? 0;
      this.#tries.set(jobId, tries + 1);
      // Told when it begins and ever more rarely, like it is tried.
      this.core.options.warn(`${jobId} waits`, result.wait);
      item.notBefore = this.core.now() + Math.min(MAX_AGAIN_MS, TRY_AGAIN_MS * 2 ** tries);
      item.state = 'ready';
      this.#wakeUp();
    } else this.#ended(jobId, item.lock, result);
    this.#rest();
  }

  #ended(jobId: string, lock: string | null, result: Ended): void {
    this.#queue.remove(jobId);
    this.#tries.delete(jobId);
    if (typeof result === 'object') this.waiters.lose(jobId, result.lost);
    else this.#again(jobId, lock);
    this.pump();
  }

  /** The attempt's outcome may say that another follows. */
  #again(jobId: string, lock: string | null): void {
    const entry: JobEntry | undefined = this.core.entry(jobId);
    const at = entry?.attempts.at(-1)?.retry_at;
    if (entry !== undefined && at !== undefined) this.add(entry.spec, lock, entry.queued_at, 'ready', at);
  }

  #rest(): void {
    if (this.#queue.busy > 0) return;
    for (const resolve of this.#idle) resolve();
    this.#idle.clear();
  }

  /** One timer for the next job that waits for its time. */
  #wakeUp(): void {
    this.stop();
    const now = this.core.now();
    const next = this.#queue.nextTime(now);
    if (next === undefined || this.core.stopping) return;
    this.#timer = this.core.options.clock.after(next - now, () => this.pump());
  }

  /** Throws LOCK_HELD, also when a job ahead in the queue is going to hold it. */
  #requireLock(spec: Asker, lock: string): void {
    const held = this.keeper.blocker(spec, lock);
    if (held !== undefined) throw heldError(held);
    const ahead = spec.parent === undefined ? this.#queue.ahead(lock, spec.job_id) : undefined;
    if (ahead === undefined) return;
    const entry = this.core.entry(ahead.jobId);
    const owner = attemptIdOf(ahead.jobId, entry === undefined ? 1 : nextFence(entry));
    throw heldError({ lock, owner, since: ahead.since, reason: ahead.reason });
  }
}
