import { ReeveError } from '../../contracts/errors.ts';
import type { LedgerRecord } from '../../contracts/record.ts';
import { canonical } from '../canonical.ts';
import type { Alerts } from '../ports/alerts.ts';
import type { Config } from '../ports/config.ts';
import type { Ledger } from '../ports/ledger.ts';
import { alertOf } from './alert.ts';
import { incidentId, type IncidentBook } from './book.ts';
import type { Healer } from './healer.ts';
import { incidentOf } from './open.ts';
import { isFinished, openOf } from './projection.ts';
import { MAX_OPEN, activeHeal, alertKey, type Due, type IncidentRow } from './state.ts';

/** The same cause so soon after it was resolved is the same incident, ms. */
export const REOPEN_MS = 10 * 60_000;

export interface KeeperDeps {
  ledger: Pick<Ledger, 'subscribe'>;
  config: Pick<Config, 'current'>;
  book: IncidentBook;
  healer: Healer;
  alerts: Pick<Alerts, 'raise' | 'resolve' | 'acknowledge'>;
  /** Writes the postmortem of a resolved or reviewed incident. */
  draft(id: string): Promise<void>;
  warn(what: string, error: unknown): void;
}

/** Incidents that are worked on at the same time. */
const AT_ONCE = 64;

/** Records after which there may be something to do, while an incident is open or asked for. */
const STIRS =
  /^(incident|heal|mandate|halt|work|config)\.|^(probe\.transition|drill\.result|job\.(attempt|resolved)|alert\.(raised|resolved|acknowledged))$/;

/**
 * Does what the fold asks for and no record has answered: opens, reopens and resolves incidents, keeps their alerts, has
 * them healed, drafts postmortems. It holds nothing that a crash could lose.
 */
export class Keeper {
  readonly #deps: KeeperDeps;
  /** Incident → its alert as it was last raised here. */
  readonly #raised = new Map<string, string>();
  /** Postmortems that could not be written, not to be tried with each record. */
  readonly #undrafted = new Set<string>();
  #unsubscribe = (): void => undefined;
  #sweeping: Promise<void> = Promise.resolve();
  #queued = false;
  /** Nothing is done before the start, nor after the stop: incidents can be looked at all the same. */
  #running = false;

  constructor(deps: KeeperDeps) {
    this.#deps = deps;
  }

  /** Takes up what the ledger asks for, and does so from now on. */
  start(): void {
    if (this.#running) return;
    this.#running = true;
    this.#unsubscribe = this.#deps.ledger.subscribe((record: LedgerRecord) => {
      if (STIRS.test(record.type)) this.look();
    });
    this.#deps.healer.onWake(() => this.look());
    this.look();
  }

  /** Looks what is to be done, soon. */
  look(): void {
    if (this.#queued || !this.#running) return;
    this.#queued = true;
    this.#sweeping = this.#sweeping.then(async () => {
      this.#queued = false;
      await this.#sweep();
    });
  }

  /** Resolves when nothing is left to be done but what waits for time or work. */
  async settled(): Promise<void> {
    for (let seen: unknown; seen !== this.#sweeping;) {
      seen = this.#sweeping;
      await this.#sweeping;
    }
  }

  async stop(): Promise<void> {
    this.#running = false;
    this.#unsubscribe();
    await this.#deps.healer.stop();
    await this.#sweeping;
  }

  async #sweep(): Promise<void> {
    const { book, healer } = this.#deps;
    await this.#each(Object.entries(book.state.due), ([cause, due]) =>
      this.#try(`the incident of ${cause}`, () => this.#answer(cause, { ...due })),
    );
    await this.#each(Object.values(book.state.open), async (row) => {
      await this.#try(`healing ${row.body.id}`, () => healer.consider(row));
      await this.#try(`the alert of ${row.body.id}`, () => this.#tell(row));
    });
    const unfinished = book.state.closed.filter((row) => !isFinished(row) || activeHeal(row) !== undefined);
    await this.#each(unfinished, async (row) => {
      if (row.alert === 'open' || row.alert === 'taken')
        await this.#try(`the alert of ${row.body.id}`, () => this.#untell(row));
      // A heal that was under way when a person resolved it must still be brought to its end.
      if (activeHeal(row) !== undefined)
        await this.#try(`healing ${row.body.id}`, () => healer.consider(row));
      else if (!row.drafted) await this.#draft(row);
    });
    for (const id of this.#raised.keys()) if (!Object.hasOwn(book.state.open, id)) this.#raised.delete(id);
  }

  /** Many at once: the ledger makes their records durable together. */
  async #each<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
    for (let i = 0; i < items.length; i += AT_ONCE)
      await Promise.all(items.slice(i, i + AT_ONCE).map((item) => work(item)));
  }

  async #try(what: string, work: () => Promise<unknown>): Promise<void> {
    if (!this.#running) return;
    try {
      await work();
    } catch (error) {
      this.#deps.warn(what, error);
      // No record need follow that would make it be tried again.
      this.#deps.healer.lookAgain();
    }
  }

  async #answer(cause: string, due: Due): Promise<void> {
    const { book, config } = this.#deps;
    if (due.open !== undefined && openOf(book.state, cause) === undefined) {
      const before = book.state.closed.findLast((row) => row.body.cause === cause);
      const again =
        before?.resolved != null &&
        before.review === null &&
        due.open.at - before.resolved.at <= REOPEN_MS &&
        due.open.seq > before.seq;
      if (again) await book.reopen(before.body.id, cause, due.open.why);
      else if (book.state.size < MAX_OPEN) {
        const incident = incidentOf(cause, due.open, config.current().config);
        // Its probe was removed before anybody could be told; the record of that takes the trigger back.
        if (incident === undefined) return;
        await book.open(incident, incidentId(cause, due.open));
      }
    }
    const row = openOf(book.state, cause);
    if (row === undefined) return;
    if (due.link !== undefined)
      await book.link(row.body.id, { kind: 'related', job: due.link, by: 'daemon' });
    // What is still being healed is resolved when the heal has been verified.
    if (due.over === undefined || activeHeal(row) !== undefined || row.body.source === 'person') return;
    await this.#deps.healer.recovered(row);
    await book.over(row.body.id, cause, due.over.seq, endOf(row, due.over.why), due.over.at);
  }

  async #tell(row: IncidentRow): Promise<void> {
    const { alerts } = this.#deps;
    const { id } = row.body;
    if (!Object.hasOwn(this.#deps.book.state.open, id)) return;
    const alert = alertOf(row);
    const text = canonical(alert);
    if (this.#raised.get(id) !== text || row.alert === 'none' || row.alert === 'over') {
      await alerts.raise(alert);
      this.#raised.set(id, text);
    }
    if (row.ack === null || row.alert !== 'open') return;
    const { by, note } = row.ack;
    await alerts.acknowledge(alertKey(id), by, note).catch((error: unknown) => {
      // It was only counted: there are too many to be tracked one by one.
      if (!(error instanceof ReeveError) || !error.code.startsWith('ALERT_NOT_')) throw error;
    });
  }

  async #untell({ body, resolved }: IncidentRow): Promise<void> {
    await this.#deps.alerts.resolve(alertKey(body.id), resolved?.why ?? 'resolved');
  }

  async #draft(row: IncidentRow): Promise<void> {
    const key = `${row.body.id} ${row.resolved?.seq ?? 0} ${row.review?.seq ?? 0}`;
    if (this.#undrafted.has(key)) return;
    await this.#try(`the postmortem of ${row.body.id}`, async () => {
      this.#undrafted.add(key);
      await this.#deps.draft(row.body.id);
      this.#undrafted.delete(key);
    });
  }
}

/** Why it is over, with what healed it. */
function endOf({ heals }: IncidentRow, why: string): string {
  const last = heals.at(-1);
  if (last?.ended?.outcome !== 'healed') return why;
  return `${why}; healed by ${last.rule} (${last.job ?? ''})`;
}
