import { EstateConfig } from '../../contracts/estate.ts';
import type { RecordBody, RecordType } from '../../contracts/record.ts';
import type { AlertBody } from '../../contracts/records/alert.ts';
import { canonical } from '../../daemon/canonical.ts';
import { nodeFs } from '../../daemon/fs.ts';
import { openIncidents, type IncidentsDeps } from '../../daemon/incidents/index.ts';
import { incidentsProjection } from '../../daemon/incidents/projection.ts';
import type { IncidentsState } from '../../daemon/incidents/state.ts';
import { listIncidents } from '../../daemon/incidents/views.ts';
import type { Estate } from '../../daemon/ports/config.ts';
import type { IncidentView } from '../../daemon/ports/incidents.ts';
import type { JobView } from '../../daemon/ports/jobs.ts';
import { probeStates } from '../../daemon/probes/projection.ts';
import { fail } from '../../contracts/errors.ts';
import { tempDir } from '../helpers/ledger.ts';
import { ManualClock } from '../helpers/manual-clock.ts';
import { MemoryLedger } from '../helpers/memory-ledger.ts';
import type { Projection } from '../../daemon/ports/state.ts';

export const DIGEST = `sha256:${'d'.repeat(64)}`;
export const jobId = (n: number): string => `job_${n.toString(16).padStart(32, '0')}`;

/** What lies outside of incidents and outlives a crash of the daemon. */
export interface Outside {
  /** State of the probe, once its process is asked; `heals`: a restart of the service brings it up. */
  web: 'up' | 'down';
  /** What the last run of the probe found; null: it has not been asked since the start. Absent: that it is as it is. */
  last?: 'up' | 'down' | 'degraded' | 'inconclusive' | null;
  /** Thrown when an alert is raised. */
  mute: Error | undefined;
  heals: boolean;
  /** A deployment that runs now, `project/env`. */
  deploying: string | null;
  /** It waits for an approval. */
  asking: boolean;
  maintenance: string | null;
  cause: string | null;
  /** Thrown by the probe when it is asked. */
  broken: Error | undefined;
  halted: boolean;
  mandate: boolean;
  /** Anchors of jobs that ran, each as often as it ran. */
  ran: string[];
  /** How a heal's job ends. */
  ends: 'PASS' | 'FAIL' | 'UNKNOWN';
  alerts: Map<string, AlertBody>;
  files: string;
}

type Body<T extends RecordType> = RecordBody<T>;

/**
 * Incidents on a ledger in memory, with a world around them that acts at once. `crashAt`: every append from that one on
 * never comes back, as after kill -9. What was appended before is all that the next start finds.
 */
export class Rig {
  readonly clock: ManualClock;
  readonly outside: Outside;
  readonly warnings: string[] = [];
  readonly ledger: MemoryLedger;
  readonly estate: Estate;
  readonly opened: ReturnType<typeof openIncidents>;
  appends = 0;
  crashAt = Infinity;
  dead = false;

  private constructor(clock: ManualClock, outside: Outside, estate: Estate, lines: readonly string[]) {
    this.clock = clock;
    this.outside = outside;
    this.estate = estate;
    const projections = [incidentsProjection, probeStates] as unknown as readonly Projection[];
    this.ledger = new MemoryLedger(clock, projections, lines);
    this.opened = openIncidents(this.#deps());
    this.opened.keeper.start();
  }

  static async open(config: object = {}): Promise<Rig> {
    const dir = await tempDir();
    const outside: Outside = {
      web: 'up',
      mute: undefined,
      heals: true,
      deploying: null,
      asking: false,
      maintenance: null,
      cause: null,
      broken: undefined,
      halted: false,
      mandate: true,
      ran: [],
      ends: 'PASS',
      alerts: new Map(),
      files: dir,
    };
    const estate = {
      config: EstateConfig.parse({
        version: 1,
        estate: { name: 'test' },
        projects: { shop: { environments: { dev: {} } } },
        probes: {
          web: {
            kind: 'tcp',
            project: 'shop',
            env: 'dev',
            host: 'h',
            port: 1,
            interval: '1s',
            timeout: '500ms',
          },
        },
        healing: {
          again: {
            on: { probes: ['web'] },
            runbook: 'again',
            project: 'shop',
            env: 'dev',
            verify_within: '5s',
            wait: '1s',
          },
        },
        ...config,
      }),
      root: dir,
    } as unknown as Estate;
    return new Rig(new ManualClock(), outside, estate, []);
  }

  /** The daemon is gone and starts again on what the ledger holds. */
  async restart(crashAt = Infinity): Promise<Rig> {
    // What was killed ends nothing.
    if (!this.dead) await this.opened.keeper.stop();
    this.dead = true;
    const next = new Rig(this.clock, this.outside, this.estate, this.ledger.lines);
    next.crashAt = crashAt;
    return next;
  }

  get state(): IncidentsState {
    return this.ledger.get(incidentsProjection);
  }
  list(): IncidentView[] {
    return listIncidents(this.state);
  }
  of<T extends RecordType>(type: T): Body<T>[] {
    return this.ledger.records().flatMap((r) => (r.type === type ? [r.body as Body<T>] : []));
  }
  /** Time goes on, in steps small enough that nothing overtakes anything. */
  async pass(ms: number): Promise<void> {
    for (let left = ms; left > 0 && !this.dead; left -= 250) {
      await this.clock.advance(Math.min(250, left));
      await this.#rest();
    }
  }
  /** What begins at once has ended. */
  async #rest(): Promise<void> {
    for (let quiet = 0; quiet < 3 && !this.dead; quiet++) {
      const sweep = { done: false };
      void this.opened.keeper.settled().then(() => (sweep.done = true));
      while (!sweep.done && !this.dead) await new Promise((resolve) => setImmediate(resolve));
      for (let i = 0; i < 10; i++) await new Promise((resolve) => setImmediate(resolve));
    }
  }
  async probe(to: 'up' | 'down', more: Partial<Body<'probe.transition'>> = {}): Promise<void> {
    const from = this.outside.web;
    this.outside.web = to;
    await this.ledger.append('probe.transition', {
      probe: 'web',
      kind: 'tcp',
      from,
      to,
      since: this.clock.now(),
      why: to === 'up' ? '' : 'refused',
      ...more,
    });
  }

  #deps(): IncidentsDeps {
    const { outside, clock, ledger, estate } = this;
    const append: typeof ledger.append = (type, body, options) => {
      this.appends += 1;
      if (this.appends < this.crashAt && !this.dead) return ledger.append(type, body, options);
      this.dead = true;
      return new Promise(() => undefined);
    };
    const deps: Partial<IncidentsDeps> & object = {
      clock,
      ledger: {
        append,
        settled: () => ledger.settled(),
        head: () => ledger.head(),
        lastTs: () => ledger.lastTs(),
        read: (from: number) => ledger.read(from),
        subscribe: (listener) => ledger.subscribe(listener),
        checkpoint: () => ledger.checkpoint(),
        health: () => ledger.health(),
        close: () => ledger.close(),
      },
      state: ledger,
      config: { current: () => estate },
      fs: nodeFs,
      artifacts: {
        put: async (bytes) => ({
          ref: `artifact:${DIGEST}`,
          digest: DIGEST,
          size: (bytes as Uint8Array).length,
        }),
      },
      hex: (n: number) => canonical(this.appends).padStart(n, '0').slice(0, n),
      clean: (text: string) => text,
      origin: 'test',
      checkWrite: async (file: string) => Promise.resolve(file),
      warn: (what: string, error: unknown) => void this.warnings.push(`${what}: ${String(error)}`),
      mandates: {
        requireUsable: async () => {
          if (!outside.mandate)
            throw fail('MANDATE_SUSPENDED', { mandate: 'heal:again', why: 'its runbook changed' });
        },
      },
      work: {
        admit() {
          if (outside.halted)
            throw fail('HALTED', { scope: 'Everything', since: '', by: 'ana', reason: 'x', flag: '' });
        },
      },
      alerts: {
        raise: async (alert: AlertBody) => {
          if (outside.mute !== undefined) throw outside.mute;
          if (canonical(outside.alerts.get(alert.key) ?? null) !== canonical(alert)) {
            await append('alert.raised', alert);
            outside.alerts.set(alert.key, alert);
          }
        },
        resolve: async (key: string, why: string) => {
          await append('alert.resolved', { key, why: why.slice(0, 500) });
          outside.alerts.delete(key);
        },
        acknowledge: async (key: string, by: string, note: string) =>
          void (await append('alert.acknowledged', { key, by, note })),
      },
      probes: {
        get: () =>
          ({
            name: 'web',
            spec: estate.config.probes['web'],
            state: outside.web,
            last: outside.last === null ? null : { verdict: outside.last ?? outside.web },
            maintenance: outside.maintenance,
            cause: outside.cause,
          }) as never,
        run: async () => {
          if (outside.broken !== undefined) throw outside.broken;
          return { verdict: outside.web, why: outside.web === 'up' ? '' : 'refused', ms: 1, at: clock.now() };
        },
      },
      jobs: {
        wait: async (id: string) => ({
          ...(await this.#effect(id)),
          status: (await this.#job(id)).status as 'PASS',
          attempt_id: `${id}.1`,
        }),
        get: async (id: string) => this.#job(id),
        asking: () => outside.asking,
        list: () => {
          const [project, env] = outside.deploying?.split('/') ?? [];
          const spec = { job_id: jobId(999), action: 'deploy', project, env };
          return project === undefined ? [] : [{ spec, title: 'Deploy the shop' } as unknown as JobView];
        },
      },
      admit: async ({ anchor, runbook, part, mandate }) => {
        if (this.dead) return new Promise(() => undefined);
        if (outside.halted)
          throw fail('HALTED', { scope: 'Everything', since: '', by: 'ana', reason: 'x', flag: '' });
        const known = this.of('job.queued').find(({ job }) => job.anchor.id === anchor.id);
        if (known !== undefined) return { job_id: known.job.job_id };
        const id = jobId(this.of('job.queued').length + 1);
        const job = {
          job_id: id,
          action: part ?? 'heal',
          runbook,
          runbook_digest: DIGEST,
          config_version: DIGEST,
          plan_digest: DIGEST,
          project: 'shop',
          env: 'dev',
          inputs: {},
          inputs_digest: DIGEST,
          anchor,
          requested_by: 'daemon',
          grant_id: `gr_${'b'.repeat(24)}`,
          reason: mandate,
          plan: { ref: `artifact:${DIGEST}`, digest: DIGEST },
        };
        await append('job.queued', { job: job, title: runbook });
        return { job_id: id };
      },
    };
    return deps as IncidentsDeps;
  }

  /** The engine runs what is queued, once, whichever process queued it. */
  async #effect(id: string): Promise<object> {
    if (this.dead) return new Promise(() => undefined);
    const { outside } = this;
    const anchor = (await this.#job(id)).spec.anchor.id;
    if (outside.ran.includes(anchor)) return {};
    outside.ran.push(anchor);
    const heals = outside.heals && outside.ends !== 'FAIL' && outside.web === 'down';
    if (heals && !anchor.endsWith('/rollback')) await this.probe('up');
    return {};
  }

  async #job(id: string): Promise<JobView> {
    const found = this.of('job.queued').find(({ job }) => job.job_id === id);
    if (found === undefined) throw fail('JOB_NOT_FOUND', { id });
    const status = found.job.anchor.id.endsWith('/rollback') ? 'PASS' : this.outside.ends;
    const step = (name: string, on: 'normal' | 'failure', as: string) => ({
      name,
      kind: 'sh',
      on,
      summary: '',
      status: as,
    });
    return Promise.resolve({
      spec: found.job,
      title: 'x',
      status,
      queued_at: 0,
      attempts: [
        {
          record: {},
          fence: 1,
          why: status === 'PASS' ? undefined : 'exit 1',
          steps: [
            step('work', 'normal', status),
            step('undo', 'failure', status === 'FAIL' ? 'PASS' : 'SKIPPED'),
          ],
        },
      ],
    } as unknown as JobView);
  }
}
