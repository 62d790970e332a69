import { ReeveError } from '../../contracts/errors.ts';
import type { ScheduleSpec } from '../../contracts/estate.ts';
import type { Anchor } from '../../contracts/job.ts';
import type { RecordBody } from '../../contracts/record.ts';
import type { Clock } from '../ports/clock.ts';
import type { Config } from '../ports/config.ts';
import type { Ledger } from '../ports/ledger.ts';
import type { StateView } from '../ports/state.ts';
import { iso } from '../time.ts';
import { putInForce } from './definition.ts';
import { downtime } from './downtime.ts';
import { due, expired, jitterOf, ON_TIME_MS, type DueSchedule, type Stretch } from './due.ts';
import { activeJobs, clearWay, isQueued, slotAnchor, type OverlapJobs } from './overlap.ts';
import { Lines, type Line } from './lines.ts';
import { schedules } from './projection.ts';
import { dealtWith, SlotBook } from './slot-book.ts';
import { pausedWords } from './words.ts';

export interface SchedulerDeps {
  clock: Pick<Clock, 'now'>;
  ledger: Pick<Ledger, 'append'>;
  state: StateView;
  config: Pick<Config, 'current'>;
  jobs: OverlapJobs;
  /**
   * Starts a slot's job under a grant of its mandate and resolves once it is queued. The anchor is the job's identity, so
   * firing a slot again after a crash gives the job there is. A rejection becomes the slot's `refused` record.
   */
  fire(schedule: string, spec: ScheduleSpec, anchor: Anchor): Promise<{ job_id: string }>;
  warn(what: string, error: unknown): void;
}

/** Schedules that are looked at side by side. */
const AT_ONCE = 256;

const dueOf = (name: string, spec: ScheduleSpec): DueSchedule => ({ name, ...spec });

/**
 * Fires the schedules of the estate. Every slot is claimed durably before anything starts and gets one `schedule.slot`
 * record: ran, refused or skipped, and why. A claim without an outcome, left by a crash, is fired again at the next start.
 */
export class Scheduler {
  readonly #deps: SchedulerDeps;
  readonly #book: SlotBook;
  readonly #lines = new Lines();
  /** Claimed slots that this process is about to fire, one lane for each schedule. */
  readonly #lanes = new Map<string, { slots: Set<number>; tail: Promise<void> }>();
  /** Outcomes that the ledger did not take. */
  #owed: RecordBody<'schedule.slot'>[] = [];
  readonly #stop = new AbortController();
  #ticking: Promise<void> | undefined;
  /** Clock of the last tick, ms. */
  #seen = 0;

  constructor(deps: SchedulerDeps) {
    this.#deps = deps;
    this.#book = new SlotBook(deps.ledger, deps.state);
  }

  /** Takes up what an earlier process left, then the slots of the start and all that is due. Resolves when they are claimed. */
  async start(): Promise<void> {
    const { state, clock } = this.#deps;
    for (const [name, { open }] of Object.entries(state.get(schedules)))
      for (const slot of [...open]) await this.#takeUp(name, slot);
    this.#ticking = this.#tick(clock.now()).finally(() => {
      this.#ticking = undefined;
    });
    await this.#ticking;
  }

  /** A slot that an earlier process claimed: fired, or by now as good as missed. */
  async #takeUp(name: string, slot: number): Promise<void> {
    const spec = this.#spec(name);
    const late_ms = spec === undefined ? 0 : this.#late(name, spec, slot);
    const why =
      spec === undefined || this.#isBackfill(name, slot)
        ? undefined
        : expired(spec, slot, late_ms, this.#deps.state.get(downtime));
    const queued = why !== undefined && isQueued(this.#deps.jobs, slotAnchor(name, slot).id);
    if (why === undefined || queued) this.#launch(name, slot);
    else await this.#outcome({ schedule: name, slot, outcome: 'skipped', late_ms, why });
  }

  #isBackfill(name: string, slot: number): boolean {
    return this.#book.state(name)?.backfill.includes(slot) === true;
  }

  /** Looks what is due now; a call during another joins it. */
  tick(): Promise<void> {
    this.#ticking ??= this.#tick().finally(() => {
      this.#ticking = undefined;
    });
    return this.#ticking;
  }

  /** When a schedule is due next, with jitter, ms; null when it is not any more, or cannot be read. */
  next(name: string): number | null {
    const line = this.#lines.get(name);
    return line?.times === undefined ? null : line.next;
  }

  /** At most `count` slots of a schedule after `from`, without jitter, ascending; undefined when it cannot be read. */
  slots(name: string, from: number, count: number): number[] | undefined {
    return this.#lines.get(name)?.times?.after(from, count);
  }

  /** Skips every slot until `resume`. False: it was paused already. */
  pause(schedule: string, by: string, reason: string): Promise<boolean> {
    return this.#book.pause({ schedule, by, reason });
  }

  /** False: it was not paused. */
  resume(schedule: string, by: string, reason: string): Promise<boolean> {
    return this.#book.resume({ schedule, by, reason });
  }

  /**
   * Runs slots of the past, one after the other, under the schedule's mandate; durable when it resolves. Slots that wait
   * for their outcome already are left out. Returns those that were taken.
   */
  async backfill(name: string, slots: readonly number[], by: string, reason: string): Promise<number[]> {
    const taken = await this.#book.backfill({ schedule: name, slots: [...slots], by, reason });
    for (const slot of taken) this.#launch(name, slot);
    return taken;
  }

  /** Resolves when every slot claimed so far was fired and has its record. */
  async idle(): Promise<void> {
    await this.#ticking;
    while ([...this.#lanes.values()].some(({ slots }) => slots.size > 0))
      await Promise.all([...this.#lanes.values()].map(({ tail }) => tail));
  }

  /** Fires nothing more. Slots that wait for an earlier job stay claimed and are fired after the next start. */
  async stop(): Promise<void> {
    this.#stop.abort(new Error('the scheduler stops'));
    await this.idle();
  }

  async #tick(start?: number): Promise<void> {
    const owed = this.#owed;
    this.#owed = [];
    for (const body of owed) await this.#outcome(body);
    const { config, clock, warn } = this.#deps;
    await this.#lines.refresh(config.current().config.schedules, (name, error) =>
      warn(`schedule ${name}`, error),
    );
    const now = clock.now();
    // The clock was set back: what was worked out from where it stood is looked at anew.
    if (this.#seen - now > ON_TIME_MS) this.#lines.anew();
    this.#seen = now;
    const ripe: Line[] = [];
    for (const line of this.#lines.values()) {
      if (line.times === undefined) continue;
      if ((start !== undefined && line.spec.at_start) || (line.next !== null && now >= line.next))
        ripe.push(line);
    }
    // Side by side, so that what many of them record is one flush; in portions, so that the daemon answers meanwhile.
    for (let i = 0; i < ripe.length && !this.#stop.signal.aborted; i += AT_ONCE)
      await Promise.all(
        ripe.slice(i, i + AT_ONCE).map((line) =>
          // One broken schedule must not keep the others from running.
          this.#look(line, line.spec.at_start ? start : undefined).catch((error: unknown) =>
            warn(`schedule ${line.name}`, error),
          ),
        ),
      );
  }

  async #look(line: Line, start: number | undefined): Promise<void> {
    const { clock, warn } = this.#deps;
    const { name, spec, times } = line;
    const now = clock.now();
    if (times === undefined) return;
    await putInForce(this.#book, line, now, {
      skip: (...skipped) => this.#skip(name, spec, ...skipped),
      warn,
    });
    const known = this.#book.state(name);
    if (known === undefined) return;
    const fresh = start !== undefined && start > known.high;
    if (start !== undefined && !fresh)
      warn(`schedule ${name}`, new Error('no run at start: the clock is behind its last slot'));
    const { run, skip, next } = due(dueOf(name, spec), dealtWith(known), now, times, fresh ? { start } : {});
    const plan = [
      ...skip.map((entry) => ({ ...entry, fire: false })),
      ...run.map((slot) => ({ slot, fire: true, why: '' })),
    ].sort((a, b) => a.slot - b.slot);
    for (const { slot, fire, why, ...stretch } of plan) {
      if (fire && known.paused !== null) await this.#skip(name, spec, slot, pausedWords(known.paused));
      else if (fire) await this.#take(name, spec, slot);
      else await this.#skip(name, spec, slot, why, stretch);
    }
    // Only now: what failed half-way is looked at again with the next tick.
    line.next = next;
  }

  async #take(name: string, spec: ScheduleSpec, slot: number): Promise<void> {
    const { id } = slotAnchor(name, slot);
    const again = slot <= (this.#book.state(name)?.rewound ?? 0);
    if (again && isQueued(this.#deps.jobs, id))
      return this.#skip(name, spec, slot, 'its job was started when the clock stood ahead');
    if (spec.overlap === 'skip') {
      const [active] = activeJobs(this.#deps.jobs, name);
      const waiting = [...(this.#lanes.get(name)?.slots ?? [])][0];
      const other = active ?? (waiting === undefined ? undefined : `the slot of ${iso(waiting)}`);
      if (other !== undefined) return this.#skip(name, spec, slot, `${other} has not ended; overlap is skip`);
    }
    const claimed = await this.#book.claim(name, slot);
    if (claimed) this.#launch(name, slot);
  }

  async #skip(name: string, spec: ScheduleSpec, slot: number, why: string, more?: Stretch): Promise<void> {
    const late_ms = this.#late(name, spec, slot);
    await this.#book.skip({ schedule: name, slot, outcome: 'skipped', late_ms, why, ...more });
  }

  #late(name: string, spec: ScheduleSpec, slot: number): number {
    return Math.max(0, this.#deps.clock.now() - slot - jitterOf(dueOf(name, spec), slot));
  }

  #launch(name: string, slot: number): void {
    const lane = this.#lanes.get(name) ?? { slots: new Set<number>(), tail: Promise.resolve() };
    this.#lanes.set(name, lane);
    lane.slots.add(slot);
    lane.tail = lane.tail
      .then(() => this.#fire(name, slot))
      .catch((error: unknown) => {
        if (!this.#stop.signal.aborted) this.#deps.warn(`slot ${iso(slot)} of schedule ${name}`, error);
      })
      .finally(() => lane.slots.delete(slot));
  }

  async #fire(name: string, slot: number): Promise<void> {
    const { jobs, fire } = this.#deps;
    const { signal } = this.#stop;
    signal.throwIfAborted();
    let spec = this.#spec(name);
    const later = this.#isBackfill(name, slot);
    const mark = later ? ({ backfill: true } as const) : {};
    try {
      const anchor = slotAnchor(name, slot);

      if (spec?.overlap === 'queue' || (later && spec?.overlap !== 'allow'))
        await clearWay(jobs, name, anchor.id, signal);
      else if (spec?.overlap === 'cancel_other')
        await clearWay(jobs, name, anchor.id, signal, `replaced by the slot of ${iso(slot)}`);
      signal.throwIfAborted();
      // As it is now: the mandate is held against the estate in force, not against what it was before the wait.
      spec = this.#spec(name);
      if (spec === undefined) {
        const why = 'the schedule is no longer in the estate';
        return await this.#outcome({ schedule: name, slot, outcome: 'refused', late_ms: 0, why, ...mark });
      }
      const late_ms = this.#late(name, spec, slot);
      const paused = this.#book.state(name)?.paused ?? null;
      // Whoever paused it while this slot waited wants nothing more of it to start.
      if (paused !== null && !isQueued(jobs, anchor.id)) {
        const why = pausedWords(paused);
        return await this.#outcome({ schedule: name, slot, outcome: 'skipped', late_ms, why, ...mark });
      }
      const { job_id } = await fire(name, spec, anchor);
      await this.#outcome({ schedule: name, slot, outcome: 'ran', late_ms, job_id, ...mark });
    } catch (error) {
      // Stays claimed for the next start.
      if (signal.aborted) throw error;
      const late_ms = spec === undefined ? 0 : this.#late(name, spec, slot);
      const why = error instanceof Error ? error.message : String(error);
      const text = error instanceof ReeveError ? `${error.code}: ${why}` : why;
      if (!(error instanceof ReeveError)) this.#deps.warn(`slot ${iso(slot)} of schedule ${name}`, error);
      await this.#outcome({
        schedule: name,
        slot,
        outcome: 'refused',
        late_ms,
        why: text.slice(0, 500),
        ...mark,
      });
    }
  }

  #spec(name: string): ScheduleSpec | undefined {
    const all = this.#deps.config.current().config.schedules;
    return Object.hasOwn(all, name) ? all[name] : undefined;
  }

  /** Records how a claimed slot ended; when the ledger does not take it now, each tick tries again. */
  async #outcome(body: RecordBody<'schedule.slot'>): Promise<void> {
    try {
      await this.#book.outcome(body);
    } catch (error) {
      this.#owed.push(body);
      this.#deps.warn(`the record of slot ${iso(body.slot)} of schedule ${body.schedule}`, error);
    }
  }
}
