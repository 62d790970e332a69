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

  /** The intent to fire: slots are claimed in order, so none at or before an earlier one. */
  claim(schedule: string, slot: number): Promise<boolean> {
    const guard = (): void => demand(schedule, slot, this.#untouched(schedule, slot));
    return ifFree(this.#ledger.append('schedule.claimed', { schedule, slot }, { guard }));
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
