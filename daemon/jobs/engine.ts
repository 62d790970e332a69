import { fail } from '../../contracts/errors.ts';
import { isTerminal, type Anchor, type JobSpec, type TerminalStatus } from '../../contracts/job.ts';
import type { Plan } from '../../contracts/plan.ts';
import { canonical } from '../canonical.ts';
import { digestOf } from '../digest.ts';
import type { JobRequest, JobView, Jobs } from '../ports/jobs.ts';
import { isAsking } from './asking.ts';
import { cancelJob, resolveJob, retryJob } from './control.ts';
import type { Core } from './core.ts';
import { Dispatcher } from './dispatcher.ts';
import { own } from './entries.ts';
import { requireGates, requireReadable } from './gates.ts';
import { everQueued } from './history.ts';
import { jobIdOf } from './identity.ts';
import { listen } from './interrupts.ts';
import type { LockEntry } from './locks.ts';
import type { JobsOptions } from './options.ts';
import { countJobs, findJob, getJob, listJobs, readLogs, type JobFilter } from './reader.ts';
import { freeLocks, recover, type Recovered } from './recover.ts';

/** The queue and the engine (see the port). `start` before anything else, `stop` last. */
export class Engine implements Jobs {
  readonly #on: Dispatcher;
  #leave = (): void => {};

  constructor(options: JobsOptions) {
    this.#on = new Dispatcher(options);
  }
  get #core(): Core {
    return this.#on.core;
  }

  /** Puts right what a crash left, frees its locks, and begins to run what waits. Rejects when the ledger refuses. */
  async start(): Promise<Recovered> {
    const recovered = await recover(this.#core);
    await freeLocks(this.#core, this.#on.keeper);
    for (const { entry, plan } of recovered.queue) {
      this.#on.add(entry.spec, plan.lock, entry.queued_at, 'ready', entry.attempts.at(-1)?.retry_at);
    }
    this.#leave = listen(this.#on);
    for (const left of recovered.owed) this.#on.takeUp(left);
    this.#on.pump();
    return recovered;
  }

  /**
   * Ends what runs: each attempt is stopped and recorded as CANCELLED, without rollback. What has not ended after
   * `graceMs` stays RUNNING in the ledger and is UNKNOWN at the next start; what waits goes on waiting there.
   */
  async stop(graceMs: number): Promise<void> {
    const { stopping, options, end, running } = this.#core;
    if (stopping) return;
    this.#core.stopping = true;
    this.#on.stop();
    const why = fail('JOB_CANCELLED', { by: 'reeve', reason: 'the daemon stopped' });
    for (const run of running.values()) run.kill(why);
    if (graceMs > 0) {
      const done = new AbortController();
      const grace = options.clock.sleep(graceMs, { signal: done.signal }).catch(() => {});
      await Promise.race([this.#on.drain(), grace]);
      done.abort(why);
    }
    end.abort(why);
    this.#on.keeper.stop();
    this.#leave();
  }

  idOf(plan: Plan, anchor: Anchor): string {
    return jobIdOf(plan, anchor);
  }

  known(jobId: string): boolean {
    const { jobs, older } = this.#core.jobs;
    return own(jobs, jobId) !== undefined || own(older, jobId) !== undefined;
  }
  async precheck(plan: Plan): Promise<void> {
    await this.#core.options.ledger.settled();
    this.#on.precheck(plan, { job_id: '' });
  }

  async submit(request: JobRequest): Promise<{ job_id: string; existing: boolean }> {
    const bytes = Buffer.from(canonical(request.plan));
    if (digestOf(bytes) !== request.plan_digest) throw fail('GRANT_PLAN_MISMATCH');
    // The caller's object may change while this waits; its bytes do not.
    const plan = JSON.parse(bytes.toString('utf8')) as Plan;
    const job_id = jobIdOf(plan, request.anchor);
    const { ledger, artifacts } = this.#core.options;
    await ledger.settled();
    if (await everQueued(ledger, this.#core.jobs, job_id)) return { job_id, existing: true };
    this.#on.admit(plan.project, request.parent !== undefined);
    requireGates(this.#core.jobs, plan, this.#core.now());
    const meta = { mediaType: 'application/json', name: `${plan.runbook}.plan.json` };
    const spec = specOf(request, plan, job_id, await artifacts.put(bytes, meta));
    let added = false;
    const twice = new Error('the same job');
    const guard = (): void => {
      if (this.known(job_id)) throw twice;
      this.#on.mayQueue(spec, plan, spec.grant_id);
      this.#on.add(spec, plan.lock, this.#core.now(), 'writing');
      added = true;
    };
    try {
      await ledger.append('job.queued', { job: spec, title: plan.title }, { guard });
    } catch (error) {
      if (error !== twice) {
        if (added) this.#on.settle(job_id, false);
        throw error;
      }
      await ledger.settled();
      return { job_id, existing: true };
    }
    this.#on.settle(job_id, true);
    return { job_id, existing: false };
  }

  async wait(jobId: string, signal?: AbortSignal): Promise<{ status: TerminalStatus; attempt_id: string }> {
    const { ledger } = this.#core.options;
    for (;;) {
      const { status } = await findJob(this.#core, jobId);
      // What was seen as ended must also be durable.
      if (isTerminal(status)) await ledger.settled();
      const entry = await findJob(this.#core, jobId);
      const last = entry.attempts.at(-1);
      if (isTerminal(status) && entry.status === status && last !== undefined)
        return { status, attempt_id: last.record.attempt_id };
      if (!isTerminal(entry.status)) await this.#on.waiters.wait(jobId, signal);
    }
  }

  cancel(jobId: string, by: string, reason: string): Promise<void> {
    return cancelJob(this.#on, jobId, by, reason);
  }
  retry(...how: Parameters<Jobs['retry']>): Promise<{ attempt_id: string }> {
    return retryJob(this.#on, ...how);
  }
  resolve(jobId: string, as: 'PASS' | 'FAIL', by: string, reason: string): Promise<void> {
    return resolveJob(this.#on, jobId, as, by, reason);
  }
  async stealLock(lock: string, by: string, reason: string): Promise<void> {
    await this.#on.keeper.steal(lock, by, reason);
  }
  asking(jobId: string): boolean {
    return isAsking(this.#core.jobs.jobs, jobId);
  }
  list(filter?: JobFilter): JobView[] {
    return listJobs(this.#core, filter);
  }
  get(id: string): Promise<JobView> {
    return getJob(this.#core, id);
  }
  logs(
    jobId: string,
    { attempt }: { attempt?: number } = {},
  ): Promise<{ step: string; stream: string; line: string }[]> {
    return readLogs(this.#core, jobId, attempt);
  }
  counts(): { running: number; queued: number; unknown: number } {
    return countJobs(this.#core);
  }
  locks(): Omit<LockEntry, 'fence'>[] {
    return Object.values(this.#core.locks.locks).map(({ fence: _, ...shown }) => shown);
  }
  requireReadable(digest: string): Promise<void> {
    return requireReadable(this.#core.options.ledger, this.#core.jobs, digest);
  }
  drain(): Promise<void> {
    return this.#on.drain();
  }
}

function specOf(request: JobRequest, plan: Plan, job_id: string, ref: JobSpec['plan']): JobSpec {
  const { anchor, requested_by, actor, grant_id, reason, plan_digest, parent, replay_of, confirmed } =
    request;
  const { action, runbook, runbook_digest, config_version, project, env, inputs } = plan;
  return {
    job_id,
    action,
    runbook,
    runbook_digest,
    config_version,
    plan_digest,
    project,
    env,
    inputs,
    inputs_digest: digestOf(canonical(inputs)),
    anchor,
    requested_by,
    grant_id,
    reason,
    plan: ref,
    correlation_ids: {
      via: actor.via,
      ...(actor.account === undefined ? {} : { account: actor.account }),
    },
    ...(parent === undefined ? {} : { parent }),
    ...(replay_of === undefined ? {} : { replay_of }),
    ...(confirmed === undefined ? {} : { confirmed }),
  };
}
