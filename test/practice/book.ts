import type { JsonObject } from '../../contracts/json.ts';
import type { JobStatus } from '../../contracts/job.ts';
import type { RecordBody } from '../../contracts/record.ts';
import { practiceProjection } from '../../daemon/practice/fold/projection.ts';
import type { PracticeState } from '../../daemon/practice/fold/state.ts';
import type { Projection } from '../../daemon/ports/state.ts';
import { ManualClock } from '../helpers/manual-clock.ts';
import { MemoryLedger } from '../helpers/memory-ledger.ts';

const DIGEST = `sha256:${'a'.repeat(64)}`;

interface JobLike {
  action?: string;
  project?: string;
  env?: string;
  runbook?: string;
  inputs?: JsonObject;
  outputs?: JsonObject;
  /** The statuses of its attempts, one after the other. */
  ends?: JobStatus[];
  /** How long each takes, ms. */
  takes?: number;
  parent?: string;
}

/** A ledger that a test writes as the daemon would, and what the practice makes of it. */
export class Book {
  readonly clock = new ManualClock(Date.UTC(2026, 5, 1, 8));
  readonly ledger: MemoryLedger;
  #n = 0;

  constructor(more: readonly Projection[] = []) {
    this.ledger = new MemoryLedger(this.clock, [practiceProjection, ...more]);
  }

  get state(): PracticeState {
    return this.ledger.get(practiceProjection);
  }

  wait(ms: number): void {
    this.clock.block(ms);
  }

  async job(like: JobLike = {}): Promise<string> {
    const { action = 'deploy', project = 'shop', env = 'prod', ends = ['PASS'], takes = 60_000 } = like;
    const job = `job_${String(++this.#n).padStart(32, '0')}`;
    await this.ledger.append('job.queued', {
      job: {
        job_id: job,
        action,
        runbook: like.runbook ?? action.replaceAll('_', '-'),
        runbook_digest: DIGEST,
        config_version: DIGEST,
        plan_digest: DIGEST,
        project,
        env,
        inputs: like.inputs ?? {},
        inputs_digest: DIGEST,
        anchor: { kind: 'nonce', id: job },
        requested_by: 'ana',
        grant_id: `gr_${'0'.repeat(24)}`,
        reason: 'test',
        plan: { ref: `artifact:${DIGEST}` },
        ...(like.parent === undefined ? {} : { parent: like.parent }),
      },
    });
    for (const [i, status] of ends.entries()) {
      await this.attempt(job, i + 1, 'RUNNING');
      this.wait(takes);
      await this.attempt(job, i + 1, status, like.outputs);
    }
    return job;
  }

  async attempt(job: string, n: number, status: JobStatus, outputs?: JsonObject): Promise<void> {
    await this.ledger.append('job.attempt', {
      attempt: {
        job_id: job,
        attempt_id: `${job}.${n}`,
        status,
        created_at_utc: new Date(this.clock.now()).toISOString(),
        updated_at_utc: new Date(this.clock.now()).toISOString(),
      },
      fence: n,
      owner: 'test',
      ...(outputs === undefined || status === 'RUNNING' ? {} : { outputs }),
    });
  }

  /** Opens an incident that began `before` ms ago. */
  async incident(over: Partial<RecordBody<'incident.opened'>> = {}, before = 0): Promise<string> {
    const id = `inc_${String(++this.#n).padStart(16, '0')}`;
    await this.ledger.append('incident.opened', {
      id,
      title: 'The shop is down',
      severity: 'page',
      source: 'probe',
      cause: `probe:${id.slice(4)}`,
      project: 'shop',
      env: 'prod',
      text: '',
      began: this.clock.now() - before,
      by: 'daemon',
      ...over,
    });
    return id;
  }

  async caused(incident: string, job: string): Promise<void> {
    await this.ledger.append('incident.linked', { id: incident, kind: 'caused_by', job, by: 'ana' });
  }

  async resolve(id: string): Promise<void> {
    await this.ledger.append('incident.resolved', { id, by: 'ana', why: 'over', ended: this.clock.now() });
  }
}
