import { ReeveError, fail } from '../../../contracts/errors.ts';
import type { LedgerRecord, RecordBody } from '../../../contracts/record.ts';
import { parseJsonBody } from '../../json-body.ts';
import type { Alerts } from '../../ports/alerts.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Config } from '../../ports/config.ts';
import type { Incidents } from '../../ports/incidents.ts';
import type { Ledger } from '../../ports/ledger.ts';
import type { Linear, LinearView } from '../../ports/linear.ts';
import type { People } from '../../ports/people.ts';
import type { Secrets } from '../../ports/secrets.ts';
import type { StateView } from '../../ports/state.ts';
import { own } from '../../own.ts';
import { whole } from '../../text.ts';
import type { Outcome } from './api.ts';
import { Captures } from './capture.ts';
import { Connection } from './connection.ts';
import { Hearer, type HearDeps } from './hear.ts';
import { Lane } from './lane.ts';
import { openedAt, worksOf } from './mirror.ts';
import { linearProjection, type LinearState } from './projection.ts';
import { Teller } from './teller.ts';
import { todoWork } from './todos.ts';
import { knownOf, todosOf, viewOf } from './view.ts';

export interface LinearDeps {
  clock: Clock;
  ledger: Ledger;
  state: StateView;
  config: Config;
  secrets: Pick<Secrets, 'get'>;
  people: Pick<People, 'allows'>;
  incidents: Pick<Incidents, 'open' | 'acknowledge' | 'note' | 'said' | 'resolve' | 'get' | 'list'>;
  alerts: Pick<Alerts, 'raise' | 'resolve'>;
  /** The body of a delivery. */
  body(delivery: RecordBody<'webhook.received'>): Promise<Buffer>;
  clean(text: string): string;
  hex(digits: number): string;
  warn(what: string, error: unknown): void;
}

/** Records that need not be looked at again after the next start are noted so many at a time. */
const BEHIND = 5000;

/** Thrown by a guard: it was queued before. */
class Known extends Error {}

/** Incidents here and issues there, both ways. One for each daemon. */
export class LinearDesk {
  readonly #deps: LinearDeps;
  readonly #connection: Connection;
  readonly #lane: Lane;
  readonly #teller: Teller;
  readonly #hear: HearDeps;
  readonly #hearer: Hearer;
  readonly #stops: (() => void)[] = [];
  readonly #captures: Captures;
  #tail: Promise<void> = Promise.resolve();
  #stopped = false;
  /** Whether issues were written, by the last look at reeve.yaml. */
  #wrote = false;

  constructor(deps: LinearDeps) {
    const { clock, config, clean, warn } = deps;
    this.#deps = deps;
    const connection = new Connection(deps);
    this.#connection = connection;
    this.#teller = new Teller(deps);
    this.#lane = new Lane({
      clock,
      clean,
      warn,
      waiting: () => (connection.writes === undefined ? [] : Object.values(this.#state.waiting)),
      perform: async (work) => (await connection.open()).perform(work, knownOf(this.#state, work)),
      record: (op, outcome) => this.#done(op, outcome),
      budget: () => connection.wait(),
      failed: (op) => this.#captures.tell(op),
      tell: (trouble) => this.#teller.tell(trouble, Object.keys(this.#state.waiting).length),
    });
    this.#captures = new Captures({
      ...deps,
      lane: this.#lane,
      queue: (work) => this.#queue(work),
      known: (issue) => own(this.#state.others, issue),
    });
    this.#hear = {
      ...deps,
      know: async (known) => void (await deps.ledger.append('linear.known', known)),
      config: () => config.current().config,
      opens: () => connection.spec?.opens,
      state: () => this.#state,
      now: () => clock.now(),
    };
    this.#hearer = new Hearer(this.#hear);
  }

  /** Goes on where it stopped. */
  start(): void {
    const { ledger, config } = this.#deps;
    this.#stops.push(
      ledger.subscribe((record) => this.#saw(record)),
      config.onChange(() => this.#changed()),
    );
    this.#wrote = this.#connection.writes !== undefined;
    this.#catchUp();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    for (const stop of this.#stops) stop();
    await this.#tail;
    await this.#lane.stop();
    await this.#teller.settled();
  }

  /** Resolves when everything that happened so far is queued. */
  async settled(): Promise<void> {
    await this.#tail;
    await this.#teller.settled();
  }

  capture: Linear['capture'] = async (what) => {
    const spec = this.#connection.writes;
    if (spec === undefined) throw fail('LINEAR_OFF');
    return this.#captures.capture(what, spec);
  };

  /** After what came is done, and between one delivery and the next. */
  reconcile: Linear['reconcile'] = async (ask) => {
    const { clock } = this.#deps;
    if (this.#connection.writes === undefined) throw fail('LINEAR_OFF');
    await this.settled();
    const { reconcile } = await import('./reconcile.ts');
    return reconcile(
      {
        clock,
        open: () => this.#connection.open(),
        wait: () => this.#connection.wait(),
        opens: () => this.#connection.spec?.opens,
        state: () => this.#state,
        hear: this.#hear,
        alone: (work) => this.#alone(work),
        record: (heard, seen) => this.#record({ ...heard, job: ask.job, seen }),
      },
      ask,
    );
  };

  todos: Linear['todos'] = async () => todosOf(this.#state);

  tellTodo: Linear['tellTodo'] = async (told) => {
    if (this.#connection.writes === undefined) throw fail('LINEAR_OFF');
    const { config, clean } = this.#deps;
    const queued = todoWork(told, { config: config.current().config, state: this.#state, clean });
    await this.#queue(queued);
    this.#lane.go();
    return queued.issue;
  };

  retry(): number {
    if (this.#connection.writes === undefined) throw fail('LINEAR_OFF');
    this.#changed();
    return Object.keys(this.#state.waiting).length;
  }

  view(): LinearView {
    return viewOf(this.#state, this.#lane, this.#connection);
  }

  get #state(): LinearState {
    return this.#deps.state.get(linearProjection);
  }

  /** Looks at what came since the last look; once more at what is queued already comes to nothing. */
  #catchUp(): void {
    const { ledger } = this.#deps;
    this.#then(async () => {
      const { upto } = this.#state;
      const head = ledger.head().size;
      if (upto === null) return this.#begin(head);
      for await (const record of ledger.read(upto)) {
        if (this.#stopped) return;
        await this.#consider(record);
      }
      if (head - upto > BEHIND) await ledger.append('linear.looked', { upto: head });
    });
    this.#then(() => Promise.resolve(this.#lane.go()));
  }

  /** The key, the team or what is allowed may be another now. */
  #changed(): void {
    const before = this.#wrote;
    this.#wrote = this.#connection.writes !== undefined;
    if (this.#wrote && !before) this.#catchUp();
    this.#connection.forget();
    this.#lane.retryNow();
  }

  /** The first time: what is open now gets its issue, what was before is left alone. */
  async #begin(head: number): Promise<void> {
    await this.#deps.ledger.append('linear.looked', { upto: head });
    for (const incident of this.#deps.incidents.list().toReversed()) {
      if (incident.state !== 'open' && incident.state !== 'acknowledged') continue;
      await this.#consider(openedAt(head, incident));
    }
  }

  #then(work: () => Promise<void>): void {
    this.#tail = this.#tail.then(work).catch((error: unknown) => this.#deps.warn('linear', error));
  }

  #alone<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#tail.then(work);
    this.#tail = done.then(
      () => undefined,
      () => undefined,
    );
    return done;
  }

  #saw(record: LedgerRecord): void {
    if (record.type === 'admin.event' && record.body.action_type === 'rotate_secret') this.#changed();
    if (!record.type.startsWith('incident.') && !record.type.startsWith('webhook.')) return;
    this.#then(async () => {
      if (!this.#stopped) await this.#consider(record);
    });
  }

  async #consider(record: LedgerRecord): Promise<void> {
    if (record.type === 'webhook.received' && record.body.source === 'linear') return this.#delivered(record);
    if (record.type === 'webhook.redelivered' && record.body.source === 'linear') {
      for await (const one of this.#deps.ledger.read(0))
        if (one.type === 'webhook.received' && one.body.delivery === record.body.delivery)
          return this.#delivered(one, true);
      return;
    }
    const spec = this.#connection.writes;
    if (spec === undefined) return;
    const { config, clean } = this.#deps;
    const about = { config: config.current().config, spec, state: this.#state, clean };
    for (const work of worksOf(record, about)) await this.#queue(work);
    this.#lane.go();
  }

  /** False: it was queued before. */
  async #queue(work: RecordBody<'linear.queued'>): Promise<boolean> {
    const guard = (): void => {
      const { waiting, recent } = this.#state;
      if (Object.hasOwn(waiting, work.op) || recent.includes(work.op))
        throw new Known('it was queued before');
    };
    try {
      await this.#deps.ledger.append('linear.queued', work, { guard });
      return true;
    } catch (error) {
      if (!(error instanceof Known)) throw error;
      return false;
    }
  }

  async #delivered({ seq, body }: LedgerRecord<'webhook.received'>, again = false): Promise<void> {
    const { delivery } = body;
    if (!again && this.#state.recent.includes(delivery)) return;
    let payload: unknown;
    try {
      payload = parseJsonBody(await this.#deps.body(body));
    } catch (error) {
      if (!(error instanceof ReeveError)) throw error;
      return;
    }
    for (const heard of await this.#hearer.hear(payload)) await this.#record({ ...heard, delivery, of: seq });
  }

  async #record(heard: RecordBody<'linear.heard'>): Promise<void> {
    await this.#deps.ledger.append('linear.heard', {
      ...heard,
      why: whole(this.#deps.clean(heard.why), 500),
    });
  }

  async #done(op: string, { outcome, identifier, url, as, why }: Outcome): Promise<void> {
    const incident = own(this.#state.waiting, op)?.incident;
    // First, since nobody would say it after a crash in between; the same note is noted once.
    if (outcome === 'conflict' && incident !== undefined)
      await this.#deps.incidents.note(incident, 'daemon', why ?? outcome, `conflict:${op}`);
    await this.#deps.ledger.append('linear.done', {
      op,
      outcome,
      ...(identifier === undefined ? {} : { identifier }),
      ...(url === undefined ? {} : { url }),
      ...(as === undefined ? {} : { as }),
      ...(why === undefined ? {} : { why: whole(this.#deps.clean(why), 500) }),
    });
    this.#captures.tell(op);
  }
}
