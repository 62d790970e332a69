import { ReeveError, fail } from '../../contracts/errors.ts';
import type { RecordBody } from '../../contracts/record.ts';
import type { Ledger } from '../ports/ledger.ts';
import type { StateView } from '../ports/state.ts';
import { iso } from '../time.ts';
import { scheduleState, schedules, type ScheduleState } from './projection.ts';

type Slot = RecordBody<'schedule.slot'>;

/**
 * Writes down what becomes of slots. Each method is durable when it resolves and checks, at the instant of sequencing, that
 * nobody else has the slot: false means that somebody was first, which is no error.
 */
export class SlotBook {
  readonly #ledger: Pick<Ledger, 'append'>;
  readonly #state: StateView;

  constructor(ledger: Pick<Ledger, 'append'>, state: StateView) {
    this.#ledger = ledger;
    this.#state = state;
  }

  /** Undefined before the schedule's definition is recorded. */
  state(schedule: string): ScheduleState | undefined {
    return scheduleState(this.#state.get(schedules), schedule);
  }

  /** Records a definition, unless it is the one in force. */
  async define(body: RecordBody<'schedule.defined'>): Promise<boolean> {
    const { schedule } = body;
    const changed = (): boolean => this.state(schedule)?.digest !== body.digest;
    if (!changed()) return false;
    return ifFree(
      this.#ledger.append('schedule.defined', body, { guard: () => demand(schedule, 0, changed()) }),
    );
  }

  /** Slots after `to` come again; they count from there on. */
  rewind(body: RecordBody<'schedule.rewound'>): Promise<boolean> {
    const guard = (): void => {
      const known = this.state(body.schedule);
      demand(body.schedule, body.to, known !== undefined && dealtWith(known) === body.from);
    };
    return ifFree(this.#ledger.append('schedule.rewound', body, { guard }));
  }

  /** The intent to fire: slots are claimed in order, so none at or before an earlier one. */
  claim(schedule: string, slot: number): Promise<boolean> {
    const guard = (): void => demand(schedule, slot, this.#untouched(schedule, slot));
    return ifFree(this.#ledger.append('schedule.claimed', { schedule, slot }, { guard }));
  }

  /** The intent to fire slots of the past. Returns those that did not wait already; none: nothing is written. */
  async backfill(body: RecordBody<'schedule.backfill'>): Promise<number[]> {
    const free = (): number[] => {
      const open = new Set(this.state(body.schedule)?.open);
      return [...new Set(body.slots)].filter((slot) => !open.has(slot)).toSorted((a, b) => a - b);
    };
    const slots = free();
    const [first] = slots;
    if (first === undefined) return [];
    const guard = (): void => demand(body.schedule, first, free().length === slots.length);
    return (await ifFree(this.#ledger.append('schedule.backfill', { ...body, slots }, { guard })))
      ? slots
      : [];
  }

  /** Every slot is skipped until `resume`. False: it was paused already. */
  pause(body: RecordBody<'schedule.paused'>): Promise<boolean> {
    const guard = (): void => demand(body.schedule, 0, this.state(body.schedule)?.paused === null);
    return ifFree(this.#ledger.append('schedule.paused', body, { guard }));
  }

  /** False: it was not paused. */
  resume(body: RecordBody<'schedule.resumed'>): Promise<boolean> {
    const paused = (): boolean => (this.state(body.schedule)?.paused ?? null) !== null;
    return ifFree(
      this.#ledger.append('schedule.resumed', body, { guard: () => demand(body.schedule, 0, paused()) }),
    );
  }

  /** A slot that is not fired. */
  skip(body: Slot): Promise<boolean> {
    const guard = (): void => demand(body.schedule, body.slot, this.#untouched(body.schedule, body.slot));
    return ifFree(this.#ledger.append('schedule.slot', body, { guard }));
  }

  /** How a claimed slot ended. */
  outcome(body: Slot): Promise<boolean> {
    const { schedule, slot } = body;
    const guard = (): void => demand(schedule, slot, this.state(schedule)?.open.includes(slot) === true);
    return ifFree(this.#ledger.append('schedule.slot', body, { guard }));
  }

  #untouched(schedule: string, slot: number): boolean {
    const known = this.state(schedule);
    return known === undefined || slot > known.high;
  }
}

/** Nothing up to this is due any more, ms. */
export const dealtWith = ({ high, since }: Pick<ScheduleState, 'high' | 'since'>): number =>
  Math.max(high, since);

function demand(schedule: string, slot: number, free: boolean): void {
  if (!free) throw fail('SCHEDULE_SLOT_TAKEN', { schedule, slot: iso(slot) });
}

async function ifFree(append: Promise<unknown>): Promise<boolean> {
  try {
    await append;
    return true;
  } catch (error) {
    if (error instanceof ReeveError && error.code === 'SCHEDULE_SLOT_TAKEN') return false;
    throw error;
  }
}
