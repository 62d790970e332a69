import { fail } from '../../contracts/errors.ts';
import type { JobSpec } from '../../contracts/job.ts';
import { cut } from '../text.ts';
import { isAsking, isHeal, type Asker } from './asking.ts';
import type { Core } from './core.ts';
import { jobOf } from './identity.ts';
import { heldError, lockOf, type LockEntry } from './locks.ts';
import { LEASE_MS } from './options.ts';

/** Takes, renews, releases and hands over locks. Each is a ledger record, decided at the instant of sequencing. */
export class LockKeeper {
  readonly #core: Core;
  /** Timers that free the locks of attempts which died, at the end of their lease. */
  readonly #sweeps = new Map<string, () => void>();
  readonly #freed: () => void;

  /** @param freed called when a lock became free without its attempt's doing */
  constructor(core: Core, freed: () => void) {
    this.#core = core;
    this.#freed = freed;
  }

  get #lease(): number {
    return this.#core.options.leaseMs ?? LEASE_MS;
  }

  /** Who keeps this job from the lock; undefined when it may take it. A caller's lock covers what it calls, that of a job which waits for people covers heals. */
  blocker(spec: Asker, lock: string): LockEntry | undefined {
    const held = lockOf(this.#core.locks, lock);
    return held === undefined || jobOf(held.owner) === spec.job_id || this.#covers(held, spec)
      ? undefined
      : held;
  }

  /**
   * Durable when it resolves. False: one that covers it holds it, and will after this attempt too. Rejects LOCK_HELD. A job's
   * earlier attempt hands its lock over.
   */
  async acquire(spec: JobSpec, attemptId: string, fence: number, lock: string): Promise<boolean> {
    const { ledger } = this.#core.options;
    const held = lockOf(this.#core.locks, lock);
    if (held !== undefined && this.#covers(held, spec)) return false;
    if (held !== undefined && held.owner !== attemptId && jobOf(held.owner) === spec.job_id) {
      await this.release(lock, held.owner);
    }
    await ledger.append('lock.acquired', this.#body(lock, attemptId, fence, spec.reason), {
      guard: () => {
        const now = lockOf(this.#core.locks, lock);
        if (now !== undefined && now.owner !== attemptId) throw heldError(now);
      },
    });
    this.#drop(lock);
    return true;
  }

  /** Renews the lease at half its time until the returned function is called. A failure shows at the next step anyway. */
  keep(spec: JobSpec, attemptId: string, fence: number, lock: string): () => void {
    const { clock, ledger, warn } = this.#core.options;
    let stop = (): void => {};
    let stopped = false;
    const renew = (): void => {
      const guard = (): void => {
        if (stopped || lockOf(this.#core.locks, lock)?.owner !== attemptId)
          throw fail('LOCK_NOT_FOUND', { lock });
      };
      ledger
        .append('lock.acquired', this.#body(lock, attemptId, fence, spec.reason), { guard })
        .catch((error: unknown) => {
          if (!stopped) warn(`renewing the lock ${lock}`, error);
        });
      stop = clock.after(this.#lease / 2, renew);
    };
    stop = clock.after(this.#lease / 2, renew);
    return () => {
      stopped = true;
      stop();
    };
  }

  /** Nothing happens when the owner has lost it meanwhile. */
  async release(lock: string, owner: string): Promise<void> {
    const gone = new Error('not held');
    try {
      await this.#core.outcome('lock.released', { lock, owner }, () => {
        if (lockOf(this.#core.locks, lock)?.owner !== owner) throw gone;
      });
    } catch (error) {
      if (error !== gone) throw error;
    }
    this.#drop(lock);
  }

  async steal(lock: string, by: string, reason: string): Promise<string> {
    const { ledger } = this.#core.options;
    const from = lockOf(this.#core.locks, lock)?.owner;
    if (from === undefined) throw fail('LOCK_NOT_FOUND', { lock });
    await ledger.append(
      'lock.stolen',
      { lock, from, by, reason },
      {
        guard: () => {
          if (lockOf(this.#core.locks, lock)?.owner !== from) throw fail('LOCK_NOT_FOUND', { lock });
        },
      },
    );
    this.#drop(lock);
    return from;
  }

  /** The lock of an attempt that does not run any more: freed now, or when its lease ends (its effect may go on). */
  async sweep({ lock, owner, lease_until }: LockEntry): Promise<void> {
    const left = lease_until - this.#core.now();
    if (left <= 0) {
      await this.release(lock, owner);
      this.#freed();
      return;
    }
    this.#drop(lock);
    const cancel = this.#core.options.clock.after(Math.min(left, this.#lease), () => {
      this.#sweeps.delete(lock);
      const held = lockOf(this.#core.locks, lock);
      if (held === undefined || held.owner !== owner) return;
      this.sweep(held).catch((error: unknown) => this.#core.options.warn(`freeing the lock ${lock}`, error));
    });
    this.#sweeps.set(lock, cancel);
  }

  stop(): void {
    for (const cancel of this.#sweeps.values()) cancel();
    this.#sweeps.clear();
  }

  #drop(lock: string): void {
    this.#sweeps.get(lock)?.();
    this.#sweeps.delete(lock);
  }

  #body(lock: string, owner: string, fence: number, reason: string) {
    return { lock, owner, fence, reason: cut(reason, 500), lease_until: this.#core.now() + this.#lease };
  }

  /** A job that was asking goes on only when the heals there have ended (approve step), so that there are never two hands. */
  #covers(held: LockEntry, spec: Asker): boolean {
    return (
      this.#isAncestor(held, spec) || (isHeal(spec) && isAsking(this.#core.jobs.jobs, jobOf(held.owner)))
    );
  }

  #isAncestor(held: LockEntry, spec: Pick<JobSpec, 'parent'>): boolean {
    const owner = jobOf(held.owner);
    let parent = spec.parent;
    for (let depth = 0; parent !== undefined && depth < 16; depth++) {
      if (parent === owner) return true;
      parent = this.#core.entry(parent)?.spec.parent;
    }
    return false;
  }
}
