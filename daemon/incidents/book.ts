import { fail } from '../../contracts/errors.ts';
import type { RecordBody } from '../../contracts/record.ts';
import { sha256Hex } from '../digest.ts';
import { own } from '../own.ts';
import type { Clock } from '../ports/clock.ts';
import type { IncidentView, OpenIncident } from '../ports/incidents.ts';
import type { Ledger } from '../ports/ledger.ts';
import type { StateView } from '../ports/state.ts';
import { block, oneLine } from '../text.ts';
import { incidentsProjection, openOf, rowOf } from './projection.ts';
import { MAX_OPEN, type IncidentRow, type IncidentsState, type Trigger } from './state.ts';
import { viewOf } from './views.ts';

export interface BookDeps {
  clock: Pick<Clock, 'now'>;
  ledger: Pick<Ledger, 'append' | 'settled'>;
  state: StateView;
  /** Random lower-case hex digits. */
  hex(digits: number): string;
  /** Hides what is secret in a text. */
  clean(text: string): string;
}

/** Thrown by a guard: what was to be written is no longer so. Never leaves this folder. */
class Passed extends Error {}

/** True when it was written; false when its guard found that there is nothing to write any more. */
export async function ifStill(append: Promise<unknown>): Promise<boolean> {
  try {
    await append;
    return true;
  } catch (error) {
    if (error instanceof Passed) return false;
    throw error;
  }
}

/** For a guard. */
export function still(holds: boolean): void {
  if (!holds) throw new Passed('it is no longer so');
}

/** What a cause's trigger becomes is one incident, whoever opens it and however often. */
export const incidentId = (cause: string, { seq }: Pick<Trigger, 'seq'>): string =>
  `inc_${sha256Hex(`${cause}@${seq}`).slice(0, 16)}`;

/** Writes down what becomes of incidents; each method is durable when it resolves. */
export class IncidentBook {
  readonly #deps: BookDeps;

  constructor(deps: BookDeps) {
    this.#deps = deps;
  }

  get state(): IncidentsState {
    return this.#deps.state.get(incidentsProjection);
  }

  /** See `Incidents.open`. With an id: only while there is a trigger of its cause. */
  async open(incident: OpenIncident, id?: string): Promise<{ id: string; existing: boolean }> {
    const { ledger, hex, clean } = this.#deps;
    const { cause } = incident;
    const body: RecordBody<'incident.opened'> = {
      ...incident,
      id: id ?? `inc_${hex(16)}`,
      title: oneLine(clean(incident.title), 150) || cause,
      text: block(clean(incident.text), 3900),
    };
    const there = openOf(this.state, cause);
    if (there !== undefined) return this.#existing(there);
    const guard = (): void => {
      still(openOf(this.state, cause) === undefined && rowOf(this.state, body.id) === undefined);
      if (id !== undefined) still(own(this.state.due, cause)?.open !== undefined);
      if (this.state.size >= MAX_OPEN) throw fail('INCIDENT_LIMIT', { max: MAX_OPEN });
    };
    if (await ifStill(ledger.append('incident.opened', body, { guard })))
      return { id: body.id, existing: false };
    const first = openOf(this.state, cause);
    return first === undefined ? { id: body.id, existing: true } : this.#existing(first);
  }

  async #existing({ body }: IncidentRow): Promise<{ id: string; existing: boolean }> {
    await this.#deps.ledger.settled();
    return { id: body.id, existing: true };
  }

  /** The incident goes on, if its cause has a trigger that no other incident has. */
  async reopen(id: string, cause: string, why: string): Promise<boolean> {
    const body = { id, by: 'daemon', why: block(this.#deps.clean(why), 3900) };
    return ifStill(
      this.#deps.ledger.append('incident.reopened', body, {
        guard: () =>
          still(
            own(this.state.due, cause)?.open !== undefined &&
              openOf(this.state, cause) === undefined &&
              rowOf(this.state, id)?.resolved != null,
          ),
      }),
    );
  }

  async acknowledge(id: string, by: string, note: string): Promise<void> {
    const body = { id, by, note: block(this.#deps.clean(note), 3900) };
    await this.#deps.ledger.append('incident.acknowledged', body, { guard: () => this.#mustBeOpen(id) });
  }

  async note(id: string, by: string, text: string, interaction?: string): Promise<void> {
    const said = interaction === undefined ? {} : { interaction };
    const body = { id, by, text: block(this.#deps.clean(text), 3900), ...said };
    const guard = (): void => {
      const { noted = [] } = this.row(id);
      still(interaction === undefined || !noted.includes(interaction));
    };
    if (!(await ifStill(this.#deps.ledger.append('incident.noted', body, { guard }))))
      await this.#deps.ledger.settled();
  }

  async link(id: string, link: Omit<RecordBody<'incident.linked'>, 'id'>): Promise<void> {
    await this.#deps.ledger.append('incident.linked', { ...link, id }, { guard: () => void this.row(id) });
  }

  async resolve(id: string, by: string, why: string, ended = this.#deps.clock.now()): Promise<void> {
    const body = { id, by, why: block(this.#deps.clean(why), 3900), ended };
    await this.#deps.ledger.append('incident.resolved', body, { guard: () => this.#mustBeOpen(id) });
  }

  /** Resolves it because its cause is over, if it still is. */
  async over(id: string, cause: string, seq: number, why: string, ended: number): Promise<boolean> {
    const body = { id, by: 'daemon', why: block(this.#deps.clean(why), 3900), ended };
    return ifStill(
      this.#deps.ledger.append('incident.resolved', body, {
        guard: () =>
          still(own(this.state.open, id) !== undefined && own(this.state.due, cause)?.over?.seq === seq),
      }),
    );
  }

  async review(
    id: string,
    by: string,
    summary: string,
    actions: { text: string; owner: string }[],
  ): Promise<void> {
    const { clean, ledger } = this.#deps;
    const body = {
      id,
      by,
      summary: block(clean(summary), 3900),
      actions: actions.map(({ text, owner }) => ({
        text: oneLine(clean(text), 450),
        owner: oneLine(clean(owner), 80),
      })),
    };
    await ledger.append('incident.reviewed', body, {
      guard: () => {
        const { state } = viewOf(this.row(id));
        if (state === 'open' || state === 'acknowledged') throw fail('INCIDENT_NOT_RESOLVED', { id, state });
      },
    });
  }

  view(id: string): IncidentView {
    return viewOf(this.row(id));
  }

  /** Throws INCIDENT_NOT_FOUND. */
  row(id: string): IncidentRow {
    const row = rowOf(this.state, id);
    if (row === undefined) throw fail('INCIDENT_NOT_FOUND', { id });
    return row;
  }

  #mustBeOpen(id: string): void {
    const { state } = viewOf(this.row(id));
    if (state !== 'open' && state !== 'acknowledged') throw fail('INCIDENT_NOT_OPEN', { id, state });
  }
}
