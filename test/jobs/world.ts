import { randomBytes } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { fail } from '../../contracts/errors.ts';
import type { Anchor } from '../../contracts/job.ts';
import type { Plan } from '../../contracts/plan.ts';
import type { LedgerRecord, RecordType } from '../../contracts/record.ts';
import type { Runbook } from '../../contracts/runbook.ts';
import type { TrajectoryLine } from '../../contracts/trajectory.ts';
import { openHaltReserve } from '../../daemon/admission/halt-reserve.ts';
import { openWork, workProjection } from '../../daemon/admission/work.ts';
import { systemClock } from '../../daemon/clock.ts';
import { nodeFs } from '../../daemon/fs.ts';
import { grantsProjection } from '../../daemon/grants/projection.ts';
import { grantService } from '../../daemon/grants/service.ts';
import { Engine } from '../../daemon/jobs/engine.ts';
import { capOf, planDigestOf } from '../../daemon/jobs/identity.ts';
import { locksProjection } from '../../daemon/jobs/locks.ts';
import type { JobsOptions } from '../../daemon/jobs/options.ts';
import { jobsProjection } from '../../daemon/jobs/projection.ts';
import { initKeys, loadKeys } from '../../daemon/keys/store.ts';
import type { FileLedger } from '../../daemon/ledger/ledger.ts';
import { openLedger } from '../../daemon/ledger/open.ts';
import type { Clock } from '../../daemon/ports/clock.ts';
import type { Fs } from '../../daemon/ports/fs.ts';
import type { Grants } from '../../daemon/ports/grants.ts';
import type { JobRequest, JobView } from '../../daemon/ports/jobs.ts';
import type { LiveEvent } from '../../daemon/ports/live.ts';
import type { StepServices } from '../../daemon/ports/steps.ts';
import type { Work } from '../../daemon/ports/work.ts';
import { StateHost } from '../../daemon/state/host.ts';
import { tempDir } from '../helpers/ledger.ts';
import { FileArtifacts, TestConfig, TestRunner, redactor } from './parts.ts';

export const ORIGIN = 'reeve.test/jobs';

export interface WorldOptions {
  home?: string;
  clock?: Clock;
  runner?: TestRunner;
  limits?: ConstructorParameters<typeof TestConfig>[1];
  /** Where the ledger lies, when not on the real file system. */
  ledgerFs?: { fs: Fs; dir: string };
  secrets?: Record<string, string>;
  services?: Partial<StepServices>;
  engine?: Partial<JobsOptions>;
  /** Leaves the engine unstarted. */
  cold?: boolean;
  /** Not inside a test: nothing is closed at its end. */
  alone?: boolean;
}

type RequestOptions = Partial<JobRequest> & { lifetime_ms?: number; caps?: string[] };

const refuses = (): Promise<never> =>
  Promise.reject(fail('NOT_BUILT_HERE', { what: 'this', next: 'nothing' }));

/** The engine with the real ledger, grants, keys and work gate, as one process on one home. */
export class World {
  readonly home: string;
  readonly clock: Clock;
  readonly runner: TestRunner;
  readonly artifacts: FileArtifacts;
  readonly config: TestConfig;
  readonly runbooks = new Map<string, Runbook>();
  readonly live: LiveEvent[] = [];
  readonly trajectory: Omit<TrajectoryLine, 'timestamp'>[] = [];
  readonly warnings: string[] = [];
  readonly state = new StateHost([jobsProjection, locksProjection, grantsProjection, workProjection]);
  readonly options: WorldOptions;
  ledger!: FileLedger;
  grants!: Grants;
  work!: Work;
  engine!: Engine;

  private constructor(home: string, options: WorldOptions) {
    this.home = home;
    this.options = options;
    this.clock = options.clock ?? systemClock;
    this.runner = options.runner ?? new TestRunner();
    this.artifacts = new FileArtifacts(join(home, 'artifacts'));
    this.config = new TestConfig(home, options.limits);
  }

  static async open(options: WorldOptions = {}): Promise<World> {
    const home = options.home ?? (await tempDir('reeve-jobs-'));
    const world = new World(home, options);
    await world.#open();
    if (options.cold !== true) await world.engine.start();
    return world;
  }

  async #open(): Promise<void> {
    const { home, clock, state } = this;
    const random = (bytes: number): Uint8Array => new Uint8Array(randomBytes(bytes));
    const keyOptions = { folder: join(home, 'keys'), fs: nodeFs, clock, random };
    const keys = await loadKeys(keyOptions).catch(() => initKeys(keyOptions));
    const where = this.options.ledgerFs ?? { fs: nodeFs, dir: join(home, 'ledger') };
    const warn = (what: string, error: unknown): void => {
      this.warnings.push(`${what}: ${error instanceof Error ? error.message : String(error)}`);
    };
    const signer = keys.checkpointSigner(ORIGIN);
    this.ledger = await openLedger({ ...where, clock, signer, fold: state, version: '0.0.0-test', warn });
    const reserve = await openHaltReserve(nodeFs, join(home, `halts-${randomBytes(4).toString('hex')}`));
    this.work = await openWork({ clock, ledger: this.ledger, state, reserve });
    const halted = (project: string) => this.work.halted(project);
    this.grants = grantService({ ledger: this.ledger, state, keys, clock, random, origin: ORIGIN, halted });
    await this.grants.enrolKeys('owner');
    const dir = join(home, 'engine');
    await mkdir(dir, { recursive: true, mode: 0o700 });
    const { secrets = {}, services = {}, engine = {} } = this.options;
    this.engine = new Engine({
      ledger: this.ledger,
      state,
      clock,
      artifacts: this.artifacts,
      config: this.config,
      runbooks: {
        get: async (id) =>
          this.runbooks.get(id) ?? Promise.reject(fail('RUNBOOK_NOT_FOUND', { id, suggestion: '' })),
      },
      trajectory: {
        step: async (line) => {
          this.trajectory.push(line);
        },
      },
      live: { publish: (event) => void this.live.push(event) },
      steps: this.runner,
      services: {
        secrets: async (names) => Object.fromEntries(names.map((name) => [name, secrets[name] ?? ''])),
        putArtifact: (data, meta) => this.artifacts.put(data, meta),
        call: refuses,
        approve: refuses,
        notify: refuses,
        backup: refuses,
        restore: refuses,
        report: refuses,
        head: refuses,
        sync: refuses,
        release: refuses,
        push: refuses,
        publish: refuses,
        announce: refuses,
        allowedHosts: () => [],
        ...services,
      },
      grants: this.grants,
      work: this.work,
      redactor,
      dir,
      owner: 'daemon-test',
      warn,
      ...engine,
    });
    if (this.options.alone !== true) onTestFinished(() => this.close());
  }

  async close(): Promise<void> {
    await this.engine.stop(0);
    // It may have been closed, or have crashed with its disk.
    await this.ledger.close().catch(() => {});
  }

  /** The next process on the same home, after this one has gone without a word (its step may still run). */
  async restart(options: WorldOptions = {}): Promise<World> {
    const next = new World(this.home, { ...this.options, ...options });
    for (const [id, runbook] of this.runbooks) next.runbooks.set(id, runbook);
    await next.#open();
    if (options.cold !== true) await next.engine.start();
    return next;
  }

  /** A request under a fresh grant for exactly this plan, used for this job. */
  async request(
    { runbook, plan }: { runbook: Runbook; plan: Plan },
    over: RequestOptions = {},
  ): Promise<JobRequest> {
    const { lifetime_ms = 3_600_000, caps = [], ...rest } = over;
    this.runbooks.set(plan.runbook, runbook);
    const plan_digest = planDigestOf(plan);
    const anchor = rest.anchor ?? nonce();
    const { payload } = await this.grants.issue({
      how: 'confirmed',
      iss: 'alice',
      sub: 'person:alice',
      prj: [plan.project],
      cap: [capOf(plan), ...caps],
      lifetime_ms,
      uses: 1,
      plan: plan_digest,
      reason: 'a test',
    });
    await this.grants.use({
      grant: payload.gid,
      sub: 'person:alice',
      cap: capOf(plan),
      project: plan.project,
      plan: plan_digest,
      job: this.engine.idOf(plan, anchor),
    });
    return {
      plan,
      plan_digest,
      anchor,
      requested_by: 'alice',
      actor: { person: 'alice', via: 'cli' },
      grant_id: payload.gid,
      reason: 'a test',
      ...rest,
    };
  }

  async submit(made: { runbook: Runbook; plan: Plan }, over: RequestOptions = {}): Promise<string> {
    return (await this.engine.submit(await this.request(made, over))).job_id;
  }

  async run(made: { runbook: Runbook; plan: Plan }, over: Partial<JobRequest> = {}): Promise<JobView> {
    const id = await this.submit(made, over);
    await this.engine.wait(id);
    return this.engine.get(id);
  }

  async records<T extends RecordType>(...types: T[]): Promise<LedgerRecord<T>[]> {
    await this.ledger.settled();
    const all: LedgerRecord<T>[] = [];
    const wanted: readonly string[] = types;
    for await (const record of this.ledger.read(0)) {
      if (wanted.includes(record.type)) all.push(record as LedgerRecord<T>);
    }
    return all;
  }
}

let count = 0;
export const nonce = (): Anchor => ({ kind: 'nonce', id: `n${count++}` });

/** A promise and its resolver: a step that waits for the test. */
export function latch(): { promise: Promise<void>; open: () => void } {
  const { promise, resolve } = Promise.withResolvers<void>();
  return { promise, open: () => resolve() };
}

/** Resolves when the signal is aborted. */
export const aborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });

/** Lets what is under way go on until the condition holds. */
export async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await holds())) await new Promise((resolve) => setImmediate(resolve));
}
