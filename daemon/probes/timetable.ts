import type { Clock } from '../ports/clock.ts';
import { Heap } from './heap.ts';

/** So many scheduled runs at the same time; further ones wait for a place until their next slot. */
export const MAX_RUNNING = 1000;

export interface TimetableDeps {
  clock: Pick<Clock, 'monotonic' | 'after'>;
  /** One run; settles when it is over and never rejects. */
  run(name: string): Promise<unknown>;
  /** So many slots of a probe went by without a run. */
  slipped(name: string, slots: number): void;
  max?: number;
}

interface Entry {
  readonly name: string;
  readonly interval: number;
  /** Monotonic ms. */
  due: number;
  running: boolean;
  /** Its slot has come and waits for a place. */
  waiting: boolean;
  gone: boolean;
}

/**
 * Runs each probe at its interval. The slots of a probe lie on a grid of monotonic time, so that lateness does not add
 * up; a slot whose successor comes before it could be run has slipped, and is reported. While the machine sleeps
 * monotonic time stands still, and no slot is due.
 */
export class Timetable {
  readonly #deps: TimetableDeps;
  readonly #entries = new Map<string, Entry>();
  readonly #heap = new Heap<Entry>((entry) => entry.due);
  #queue: Entry[] = [];
  #running = 0;
  #cancel: (() => void) | undefined;
  #armedFor = Infinity;
  #stopped = false;

  constructor(deps: TimetableDeps) {
    this.#deps = deps;
  }

  /** Scheduled runs that are under way. */
  get running(): number {
    return this.#running;
  }

  /** @param first ms from now until the first slot */
  add(name: string, interval: number, first: number): void {
    this.remove(name);
    const due = this.#deps.clock.monotonic() + first;
    const entry: Entry = { name, interval, due, running: false, waiting: false, gone: false };
    this.#entries.set(name, entry);
    this.#heap.push(entry);
    this.#arm();
  }

  remove(name: string): void {
    const entry = this.#entries.get(name);
    if (entry === undefined) return;
    // It stays in the heap until its time comes.
    entry.gone = true;
    entry.waiting = false;
    this.#entries.delete(name);
  }

  /** Milliseconds until the next slot of a probe; null when it has none. */
  next(name: string): number | null {
    const entry = this.#entries.get(name);
    return entry === undefined ? null : Math.max(0, entry.due - this.#deps.clock.monotonic());
  }

  stop(): void {
    this.#stopped = true;
    this.#cancel?.();
    this.#queue = [];
  }

  #arm(): void {
    const first = this.#heap.first;
    if (this.#stopped || first === undefined || first.due >= this.#armedFor) return;
    this.#cancel?.();
    this.#armedFor = first.due;
    const { clock } = this.#deps;
    // Node rounds delays down: what wakes early would only have to sleep again.
    this.#cancel = clock.after(Math.max(0, Math.ceil(first.due - clock.monotonic())), () => this.#tick());
  }

  #tick(): void {
    this.#armedFor = Infinity;
    const now = this.#deps.clock.monotonic();
    for (let entry = this.#heap.first; entry !== undefined && entry.due <= now; entry = this.#heap.first) {
      this.#heap.pop();
      if (!entry.gone) this.#slot(entry, now);
    }
    this.#arm();
  }

  #slot(entry: Entry, now: number): void {
    const missed = Math.floor((now - entry.due) / entry.interval);
    const slipped = missed + (entry.waiting ? 1 : 0);
    if (slipped > 0) this.#deps.slipped(entry.name, slipped);
    entry.due += (missed + 1) * entry.interval;
    this.#heap.push(entry);
    if (entry.waiting) return;
    if (entry.running) entry.waiting = true;
    else if (this.#running >= (this.#deps.max ?? MAX_RUNNING)) {
      entry.waiting = true;
      this.#queue.push(entry);
    } else this.#start(entry);
  }

  #start(entry: Entry): void {
    entry.waiting = false;
    entry.running = true;
    this.#running += 1;
    void this.#deps.run(entry.name).then(() => {
      entry.running = false;
      this.#running -= 1;
      // Its own next slot queues behind those that wait already.
      if (entry.waiting) this.#queue.push(entry);
      this.#fill();
    });
  }

  #fill(): void {
    while (!this.#stopped && this.#running < (this.#deps.max ?? MAX_RUNNING)) {
      const entry = this.#queue.shift();
      if (entry === undefined) return;
      if (entry.waiting && !entry.running && !entry.gone) this.#start(entry);
    }
  }
}
