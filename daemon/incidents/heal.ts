import { ReeveError } from '../../contracts/errors.ts';
import type { HealSpec } from '../../contracts/estate/incidents.ts';
import type { RecordBody } from '../../contracts/record.ts';
import type { Unattended } from '../ports/unattended.ts';
import { own } from '../own.ts';
import type { Clock } from '../ports/clock.ts';
import type { Config } from '../ports/config.ts';
import type { Jobs, JobView } from '../ports/jobs.ts';
import type { Ledger } from '../ports/ledger.ts';
import type { Probes, ProbeView } from '../ports/probes.ts';
import { cut } from '../text.ts';
import { ifStill, still, type IncidentBook } from './book.ts';
import { rowOf } from './projection.ts';
import { ownRollback } from './rollback.ts';
import { exhausted, isBornOut } from './rules.ts';
import { activeHeal, healAnchor, type HealRow, type IncidentRow } from './state.ts';
import { verify } from './verify.ts';

export interface HealDeps {
  clock: Clock;
  ledger: Pick<Ledger, 'append'>;
  config: Pick<Config, 'current'>;
  book: IncidentBook;
  probes: Pick<Probes, 'get' | 'run'>;
  jobs: Pick<Jobs, 'asking' | 'wait' | 'get' | 'list'>;
  admit(ask: Unattended): Promise<{ job_id: string }>;
  /** Aborted when the daemon stops. */
  signal: AbortSignal;
}

/** What passes by itself or by a person, so that the heal goes on afterwards. */
const PASSES: ReadonlySet<string> = new Set(['HALTED', 'PAUSED', 'DRAINING', 'CLOCK_BEHIND_LEDGER']);
/** Where the ledger cannot be written nothing is decided. */
const isOurs = (error: unknown): error is ReeveError =>
  error instanceof ReeveError && !error.code.startsWith('LEDGER_');

/**
 * One heal, from its decision to its end. Where it stands is read from the fold before each step, so that after a crash it
 * goes on from its last record: decided → queued → started → verified → (rolled back) → ended.
 */
export class Heal {
  readonly #deps: HealDeps;
  readonly #incident: string;

  constructor(deps: HealDeps, incident: string) {
    this.#deps = deps;
    this.#incident = incident;
  }

  /** True when it has ended; false when it has to be taken up again later. */
  async run(): Promise<boolean> {
    for (;;) {
      this.#deps.signal.throwIfAborted();
      const row = rowOf(this.#deps.book.state, this.#incident);
      const heal = row === undefined ? undefined : activeHeal(row);
      if (row === undefined || heal === undefined) return true;
      if (!(await this.#step(row, heal))) return false;
    }
  }

  async #step(row: IncidentRow, heal: HealRow): Promise<boolean> {
    if (heal.job === null) return this.#begin(row, heal);
    const { job, rule, verified } = heal;
    if (!heal.started) {
      await this.#append('heal.started', heal, { incident: this.#incident, rule, job });
      return true;
    }
    const { status } = await this.#deps.jobs.wait(job, this.#deps.signal);
    const view = await this.#deps.jobs.get(job);
    if (verified === null) {
      const found = await this.#verify(row, heal, view);
      const body = { incident: this.#incident, rule, job, up: found.up, why: cut(found.why, 500) };
      await this.#append('heal.verified', heal, body);
      return true;
    }
    const unknown = status === 'UNKNOWN' && view.resolved === undefined;
    if (verified.up) {
      const why = unknown ? `${verified.why}, but nobody knows what the runbook did` : verified.why;
      await this.#end(heal, job, unknown ? 'unknown' : 'healed', why, 'no');
      return true;
    }
    return this.#rollBack(row, heal, view, unknown ? 'unknown' : 'failed');
  }

  /** Has the runbook queued, once. */
  async #begin(row: IncidentRow, heal: HealRow): Promise<boolean> {
    const { rule, n } = heal;
    const spec = this.#spec(rule);
    if (spec === undefined)
      return this.#takeBack(heal, 'not_allowed', 'its entry was removed from reeve.yaml');
    if (row.resolved !== null)
      return this.#takeBack(heal, 'not_allowed', `${row.resolved.by} resolved the incident before it began`);
    const probe = this.#probe(row.body.probe ?? '');
    if (probe === undefined)
      return this.#takeBack(heal, 'not_allowed', `${row.body.probe ?? ''} is not watched any more`);
    if (probe.state === 'up') return this.#takeBack(heal, 'recovered', 'it went away by itself');
    // Decided before a restart or a halt, perhaps long ago.
    if (!isBornOut(probe)) return false;
    try {
      await this.#deps.admit({
        ...askOf(rule, spec),
        runbook: spec.runbook,
        inputs: spec.inputs,
        anchor: { kind: 'incident', id: healAnchor(this.#incident, n) },
        reason: `heals ${this.#incident}: ${row.body.title}`,
      });
      return true;
    } catch (error) {
      if (!isOurs(error)) throw error;
      if (PASSES.has(error.code)) return false;
      return this.#takeBack(heal, 'not_allowed', `${error.code}: ${error.message}`);
    }
  }

  async #verify(row: IncidentRow, { rule }: HealRow, job: JobView): Promise<{ up: boolean; why: string }> {
    const attempt = job.attempts.at(-1);
    const { status } = job;
    // Its outcome may be good although nobody knows it: only the probe can tell.
    if (status !== 'PASS' && status !== 'UNKNOWN')
      return { up: false, why: `the runbook ended ${status}: ${attempt?.why ?? 'it gave no reason'}` };
    const { clock, probes, signal } = this.#deps;
    const within = this.#spec(rule)?.verify_within ?? 0;
    return verify({ clock, probes, signal }, row.body.probe ?? '', within);
  }

  async #rollBack(
    row: IncidentRow,
    heal: HealRow,
    view: JobView,
    outcome: 'failed' | 'unknown',
  ): Promise<boolean> {
    const { rule, n, job, verified } = heal;
    const why = verified?.why ?? '';
    const end = (rolled: 'no' | 'done' | 'failed', more = ''): Promise<true> =>
      this.#end(heal, job ?? '', outcome, more === '' ? why : `${why}; ${more}`, rolled);
    if (heal.rollback === null) {
      const itself = ownRollback(view);
      if (itself === 'nothing begun') return end('no', 'nothing had begun');
      if (itself === 'done') return end('done');
      const spec = this.#spec(rule);
      if (spec === undefined) return end('failed', 'its entry was removed, so nothing may roll it back');
      if (spec.rollback === undefined && itself === 'none')
        return end('no', 'neither the rule nor the runbook says how to roll it back');
      try {
        await this.#deps.admit({
          ...askOf(rule, spec),
          runbook: spec.rollback ?? spec.runbook,
          // The rule's own inputs are those of its runbook, whose Rollback this is.
          inputs: spec.rollback === undefined ? spec.inputs : {},
          ...(spec.rollback === undefined ? { part: 'rollback' as const } : {}),
          anchor: { kind: 'incident', id: healAnchor(this.#incident, n, true) },
          reason: `rolls back ${job ?? ''}, which did not heal ${this.#incident}: ${row.body.title}`,
        });
        return true;
      } catch (error) {
        if (!isOurs(error)) throw error;
        if (PASSES.has(error.code)) return false;
        return end('failed', `it could not be rolled back: ${error.code}: ${error.message}`);
      }
    }
    const { status } = await this.#deps.jobs.wait(heal.rollback, this.#deps.signal);
    if (status === 'PASS') return end('done');
    // The daemon stopped in the middle of it: what it left is for a person to see.
    return end('failed', `its rollback ${heal.rollback} ended ${status}`);
  }

  async #takeBack(
    { rule, n }: HealRow,
    decision: 'not_allowed' | 'recovered',
    why: string,
  ): Promise<boolean> {
    const { ledger } = this.#deps;
    const body = { incident: this.#incident, rule, decision, why: cut(why, 500), n };
    const guard = (): void => still(this.#current(n)?.job === null);
    await ifStill(ledger.append('heal.decided', body, { guard }));
    return true;
  }

  async #end(
    heal: HealRow,
    job: string,
    outcome: 'healed' | 'failed' | 'unknown',
    why: string,
    rolled_back: 'no' | 'done' | 'failed',
  ): Promise<true> {
    const body = { incident: this.#incident, rule: heal.rule, job, outcome, why: cut(why, 500), rolled_back };
    await this.#append('heal.ended', heal, body);
    await this.#trip(heal.rule);
    return true;
  }

  /** Opens the breaker at once, so that it shows; a crash in between is made good by the next decision. */
  async #trip(rule: string): Promise<void> {
    const { book, ledger } = this.#deps;
    const why = exhausted(own(book.state.rules, rule));
    if (why === undefined) return;
    const body = { rule, incident: this.#incident, why };
    const guard = (): void => still(own(book.state.rules, rule)?.breaker === null);
    await ifStill(ledger.append('heal.breaker_opened', body, { guard }));
  }

  async #append<T extends 'heal.started' | 'heal.verified' | 'heal.ended'>(
    type: T,
    { n }: HealRow,
    body: RecordBody<T>,
  ): Promise<void> {
    await ifStill(
      this.#deps.ledger.append(type, body, { guard: () => still(this.#current(n) !== undefined) }),
    );
  }

  #current(n: number): HealRow | undefined {
    const row = rowOf(this.#deps.book.state, this.#incident);
    const heal = row === undefined ? undefined : activeHeal(row);
    return heal?.n === n ? heal : undefined;
  }

  #spec(rule: string): HealSpec | undefined {
    return own(this.#deps.config.current().config.healing, rule);
  }

  #probe(name: string): ProbeView | undefined {
    try {
      return this.#deps.probes.get(name);
    } catch {
      return undefined;
    }
  }
}

const askOf = (
  rule: string,
  { project, env }: HealSpec,
): Pick<Unattended, 'mandate' | 'via' | 'project' | 'env'> => ({
  mandate: `heal:${rule}`,
  via: 'healer',
  project,
  env,
});
