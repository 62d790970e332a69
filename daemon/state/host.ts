import type { Json } from '../../contracts/json.ts';
import type { LedgerRecord } from '../../contracts/record.ts';
import type { Fold, Projection, Snapshot, StateView } from '../ports/state.ts';

interface Slot {
  readonly projection: Projection;
  state: unknown;
}

/** Holds the projections' states, folds records into them and gives read access. */
export class StateHost implements Fold, StateView {
  readonly #slots: readonly Slot[];
  readonly #byName: ReadonlyMap<string, Slot>;

  /** @throws when two projections have one name. */
  constructor(projections: readonly Projection[]) {
    this.#slots = projections.map((projection) => ({ projection, state: projection.initial() }));
    this.#byName = new Map(this.#slots.map((slot) => [slot.projection.name, slot]));
    if (this.#byName.size !== this.#slots.length) throw new Error('two projections have the same name');
  }

  get<S>(projection: Projection<S>): S {
    const slot = this.#byName.get(projection.name);
    if (slot === undefined) throw new Error(`the projection ${projection.name} is not registered`);
    return slot.state as S;
  }

  reset(): void {
    for (const slot of this.#slots) slot.state = slot.projection.initial();
  }

  restore(snapshot: Snapshot): boolean {
    const stored = new Map(Object.entries(snapshot.states));
    const fits = this.#slots.every(({ projection: p }) => stored.get(p.name)?.version === p.version);
    if (!fits) {
      this.reset();
      return false;
    }
    for (const slot of this.#slots) slot.state = stored.get(slot.projection.name)?.state;
    return true;
  }

  apply(record: LedgerRecord): void {
    for (const slot of this.#slots) slot.state = slot.projection.apply(slot.state, record);
  }

  capture(): Snapshot['states'] {
    const states: Snapshot['states'] = {};
    for (const { projection, state } of this.#slots) {
      const copy = JSON.parse(JSON.stringify(state)) as Json;
      states[projection.name] = { version: projection.version, state: copy };
    }
    return states;
  }

  fork(): StateHost {
    return new StateHost(this.#slots.map((slot) => slot.projection));
  }

  adopt(fork: Fold): void {
    if (!(fork instanceof StateHost)) throw new Error('not a fork of this state');
    for (const [i, slot] of this.#slots.entries()) slot.state = fork.#slots[i]?.state;
  }
}
