import { fail, type ReeveError } from '../../contracts/errors.ts';

/** A job that waits for its next attempt. */
export interface Waiting {
  jobId: string;
  lock: string | null;
  reason: string;
  project: string;
  /** Called by a running job: it starts whatever the limit is, else its caller would wait for ever. */
  child: boolean;
  /** It heals an incident. */
  heals: boolean;
  since: number;
  /** Not before this time, ms (retry delay). */
  notBefore: number;
  /** `writing`: its record is not durable yet. `busy`: its attempt is being started or runs. */
  state: 'writing' | 'ready' | 'busy';
}

/** First in, first out; a job that waits for its lock keeps nobody else waiting. In memory: the ledger is the truth. */
export class JobQueue {
  readonly #items: Waiting[] = [];

  /** Jobs whose attempt is being started or runs. */
  get busy(): number {
    return this.#items.filter(({ state }) => state === 'busy').length;
  }
  /** Those of them that count against the limit. */
  get busyOwn(): number {
    return this.#items.filter(({ state, child }) => state === 'busy' && !child).length;
  }
  /** Throws QUEUE_FULL. */
  requireRoom(max: number): void {
    const waiting = this.#items.filter(({ state }) => state !== 'busy').length;
    if (waiting >= max) throw fail('QUEUE_FULL', { max });
  }
  add(item: Waiting): void {
    this.#items.push(item);
  }
  remove(jobId: string): void {
    const at = this.#items.findIndex((item) => item.jobId === jobId);
    if (at >= 0) this.#items.splice(at, 1);
  }
  find(jobId: string): Waiting | undefined {
    return this.#items.find((item) => item.jobId === jobId);
  }
  /** A job that is in the way of this lock though it does not hold it yet. */
  ahead(lock: string, jobId: string): Waiting | undefined {
    return this.#items.find((item) => item.lock === lock && item.jobId !== jobId);
  }
  /** The next time, ms, at which a job that waits for its time may start. */
  nextTime(now: number): number | undefined {
    const times = this.#items
      .filter(({ state, notBefore }) => state === 'ready' && notBefore > now)
      .map(({ notBefore }) => notBefore);
    return times.length === 0 ? undefined : Math.min(...times);
  }

  /**
   * What may start now, in order. `blocked` says whether anything else keeps a job back; `slots` how many more may run
   * beside those that run. `asking`: a running one waits for people, so that neither its place nor its lock keeps a heal back.
   */
  startable(
    now: number,
    slots: number,
    blocked: (item: Waiting) => boolean,
    asking: (item: Waiting) => boolean,
  ): Waiting[] {
    const busy = this.#items.filter(({ state }) => state === 'busy');
    const claimed = new Set(busy.map(({ lock }) => lock));
    const lent = new Set(busy.filter((item) => item.lock !== null && asking(item)).map(({ lock }) => lock));
    const more = busy.filter((item) => !item.child && asking(item)).length;
    let free = slots;
    const chosen: Waiting[] = [];
    for (const item of this.#items) {
      if (item.state !== 'ready' || item.notBefore > now) continue;
      if (!item.child && free + (item.heals ? more : 0) <= 0) continue;
      const held = item.lock !== null && claimed.has(item.lock) && !item.child;
      if (held && !(item.heals && lent.has(item.lock))) continue;
      if (blocked(item)) continue;
      claimed.add(item.lock);
      lent.delete(item.lock);
      if (!item.child) free -= 1;
      chosen.push(item);
    }
    return chosen;
  }
}

/** Those who wait for a job's end. */
export class Waiters {
  readonly #waiting = new Map<string, Set<{ done: () => void; failed: (error: ReeveError) => void }>>();

  /** Resolves at the next `notify` of this job; rejects at `lose` or with the signal's reason. */
  wait(jobId: string, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const all = this.#waiting.get(jobId) ?? new Set();
      this.#waiting.set(jobId, all);
      const leave = (): void => {
        all.delete(waiter);
        if (all.size === 0 && this.#waiting.get(jobId) === all) this.#waiting.delete(jobId);
        signal?.removeEventListener('abort', aborted);
      };
      const aborted = (): void => {
        leave();
        reject(signal?.reason instanceof Error ? signal.reason : new Error('aborted'));
      };
      const waiter = {
        done: () => (leave(), resolve()),
        failed: (error: ReeveError) => (leave(), reject(error)),
      };
      all.add(waiter);
      signal?.addEventListener('abort', aborted, { once: true });
      if (signal?.aborted === true) aborted();
    });
  }
  notify(jobId: string): void {
    for (const waiter of [...(this.#waiting.get(jobId) ?? [])]) waiter.done();
  }
  lose(jobId: string, error: ReeveError): void {
    for (const waiter of [...(this.#waiting.get(jobId) ?? [])]) waiter.failed(error);
  }
  /** Nothing will be recorded any more, so nobody's job will end. */
  loseAll(error: ReeveError): void {
    for (const jobId of [...this.#waiting.keys()]) this.lose(jobId, error);
  }
}
