import { ReeveError } from '../../contracts/errors.ts';
import { own } from '../own.ts';
import type { Mandates } from '../ports/mandates.ts';
import type { ProbeView } from '../ports/probes.ts';
import type { Work } from '../ports/work.ts';
import { cut } from '../text.ts';
import { ifStill, still } from './book.ts';
import { DEPLOYING } from './due.ts';
import { Heal, type HealDeps } from './heal.ts';
import { rowOf } from './projection.ts';
import { decide, isBornOut, notBefore, ruleFor, type Rule } from './rules.ts';
import { activeHeal, type IncidentRow } from './state.ts';
import { busyWith } from './views.ts';

/** What keeps a heal from starting is looked at again so often, ms. */
const LOOK_MS = 15_000;

export interface HealerDeps extends Omit<HealDeps, 'signal'> {
  mandates: Pick<Mandates, 'requireUsable'>;
  work: Pick<Work, 'admit'>;
  warn(what: string, error: unknown): void;
}

/** Decides what heals an incident, durably, and sees each heal to its end. At most one for an incident and for a rule. */
export class Healer {
  readonly #deps: HealerDeps;
  readonly #stop = new AbortController();
  readonly #tasks = new Map<string, Promise<void>>();
  #wake: () => void = () => undefined;
  /** The next look, and its timer. */
  #next = Infinity;
  #cancel: () => void = () => undefined;

  constructor(deps: HealerDeps) {
    this.#deps = deps;
  }

  /** `look` is called when something may have to be considered that no record announces. */
  onWake(look: () => void): void {
    this.#wake = look;
  }

  /** Begins nothing more; what goes on is left to the next start, after its last record. */
  async stop(): Promise<void> {
    this.#stop.abort(new Error('healing stops'));
    this.#cancel();
    await Promise.all(this.#tasks.values());
  }

  /** A look soon, whether or not a record asks for it. */
  lookAgain(): void {
    this.#wakeIn(LOOK_MS);
  }

  async consider(row: IncidentRow): Promise<void> {
    if (this.#stop.signal.aborted) return;
    const { id, cause } = row.body;
    const { book, config, clock } = this.#deps;
    if (activeHeal(row) !== undefined) return this.#goOn(id);
    if (!Object.hasOwn(book.state.open, id)) return;
    // It is about to be resolved.
    if (own(book.state.due, cause)?.over !== undefined) return;
    const rule = ruleFor(row, config.current().config);
    if (rule === undefined) return;
    const now = clock.now();
    const from = notBefore(row, rule.spec);
    // That nothing heals it any more is said at once.
    const open = own(book.state.rules, rule.name)?.breaker != null;
    // A clock that was set back must not keep it waiting for longer than the rule says.
    if (!open && now < from && from - now <= (rule.spec.wait ?? LOOK_MS)) return this.#wakeIn(from - now);
    const probe = this.#probe(row.body.probe ?? '');
    if (!open && probe !== undefined && !isBornOut(probe)) return this.#wakeIn(LOOK_MS);
    await this.#decide(row, rule);
  }

  /** Its trouble is over by itself: said of the rule that was waiting for that. */
  async recovered(row: IncidentRow): Promise<void> {
    const { book, config } = this.#deps;
    const rule = ruleFor(row, config.current().config);
    const waited = rule?.spec.wait !== undefined && row.decision === null;
    if (rule === undefined || !waited || !Object.hasOwn(book.state.open, row.body.id)) return;
    await this.#record(row, rule, 'recovered', 'it went away by itself', 0);
  }

  async #decide(row: IncidentRow, rule: Rule): Promise<void> {
    const { book, clock, ledger } = this.#deps;
    const facts = {
      state: book.state,
      now: clock.now(),
      probe: this.#probe(row.body.probe ?? ''),
      stopped: this.#stopped(row, rule),
    };
    const decision = decide(row, rule, facts);
    if (decision.opens === true)
      await ifStill(
        ledger.append(
          'heal.breaker_opened',
          { rule: rule.name, incident: row.body.id, why: decision.why },
          { guard: () => still(own(book.state.rules, rule.name)?.breaker == null) },
        ),
      );
    if (decision.decision !== 'run') {
      if (decision.decision === 'waits') this.#wakeIn(LOOK_MS);
      return this.#say(row, rule, decision.decision, decision.why);
    }
    try {
      await this.#deps.mandates.requireUsable(`heal:${rule.name}`);
    } catch (error) {
      if (!(error instanceof ReeveError)) throw error;
      this.#wakeIn(LOOK_MS);
      return this.#say(row, rule, 'not_allowed', error.message);
    }
    if (await this.#record(row, rule, 'run', decision.why, row.runs + 1)) this.#goOn(row.body.id);
  }

  /** Records a decision against acting, once. */
  async #say(
    row: IncidentRow,
    rule: Rule,
    decision: 'waits' | 'not_allowed' | 'budget_spent' | 'breaker_open',
    why: string,
  ): Promise<void> {
    const text = cut(why, 500);
    const last = row.decision;
    if (last?.rule === rule.name && last.decision === decision && last.why === text) return;
    // The breaker that the spent budget has opened is the same news.
    if (last?.rule === rule.name && last.decision === 'budget_spent' && decision === 'breaker_open') return;
    await this.#record(row, rule, decision, text, 0);
  }

  #record(
    { body: { id, cause } }: IncidentRow,
    { name }: Rule,
    decision: 'run' | 'waits' | 'not_allowed' | 'budget_spent' | 'breaker_open' | 'recovered',
    why: string,
    n: number,
  ): Promise<boolean> {
    const { book, ledger } = this.#deps;
    const body = { incident: id, rule: name, decision, why: cut(why, 500), n };
    const guard = (): void => {
      const row = rowOf(book.state, id);
      still(row !== undefined && Object.hasOwn(book.state.open, id) && activeHeal(row) === undefined);
      if (decision !== 'run') return;
      still(row?.runs === n - 1 && own(book.state.due, cause)?.over === undefined);
      still(busyWith(book.state, name) === null && own(book.state.rules, name)?.breaker == null);
    };
    return ifStill(ledger.append('heal.decided', body, { guard }));
  }

  /** Takes up the heal of an incident where its last record left it, unless that is being done. */
  #goOn(id: string): void {
    if (this.#tasks.has(id) || this.#stop.signal.aborted) return;
    const heal = new Heal({ ...this.#deps, signal: this.#stop.signal }, id);
    const task = heal
      .run()
      .catch((error: unknown) => {
        if (!this.#stop.signal.aborted) this.#deps.warn(`the heal of ${id}`, error);
        return false;
      })
      .then((done) => {
        this.#tasks.delete(id);
        // What cannot go on now is not tried again at once.
        if (done) this.#wake();
        else this.#wakeIn(LOOK_MS);
      });
    this.#tasks.set(id, task);
  }

  #probe(name: string): ProbeView | undefined {
    try {
      return this.#deps.probes.get(name);
    } catch (error) {
      if (error instanceof ReeveError && error.code === 'PROBE_UNKNOWN') return undefined;
      throw error;
    }
  }

  #stopped({ body }: IncidentRow, { spec }: Rule): string | undefined {
    try {
      for (const project of new Set([body.project, spec.project])) this.#deps.work.admit(project);
      return this.#deploying(body) ?? this.#deploying(spec);
    } catch (error) {
      if (error instanceof ReeveError) return error.message;
      throw error;
    }
  }

  /**
   * A deployment that runs in this place: what it stops it starts again itself, and two hands make it worse. One that waits
   * for somebody's approval is in no way; when it has it, it waits for the heal.
   */
  #deploying({ project, env }: { project: string; env: string }): string | undefined {
    const found = this.#deps.jobs
      .list({ status: 'RUNNING', project })
      .find(
        ({ spec }) => spec.env === env && DEPLOYING.has(spec.action) && !this.#deps.jobs.asking(spec.job_id),
      );
    return found === undefined ? undefined : `${found.title} (${found.spec.job_id}) runs there`;
  }

  #wakeIn(ms: number): void {
    const { clock } = this.#deps;
    const at = clock.monotonic() + ms;
    if (at >= this.#next || this.#stop.signal.aborted) return;
    this.#cancel();
    this.#next = at;
    this.#cancel = clock.after(ms, () => {
      this.#next = Infinity;
      this.#wake();
    });
  }
}
