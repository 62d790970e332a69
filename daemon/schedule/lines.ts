import type { EstateConfig, ScheduleSpec } from '../../contracts/estate.ts';
import { canonical } from '../canonical.ts';
import { digestOf } from '../digest.ts';
import { readCron, type Times } from './times.ts';

/** A schedule of the estate in force, with its cron line read. */
export interface Line {
  name: string;
  spec: ScheduleSpec;
  /** Of what is recorded as its definition. */
  digest: string;
  /** What `next` was computed with. */
  jitter: number | undefined;
  /** Undefined while its cron line cannot be read. */
  times: Times | undefined;
  /** Nothing happens before, ms; null: never again. */
  next: number | null;
}

type Schedules = EstateConfig['schedules'];

/**
 * The schedules as lines that know when to look at them again, so that a tick over ten thousand of them is ten thousand
 * comparisons. Read anew only when the estate was replaced.
 */
export class Lines {
  #from: Schedules | undefined;
  #lines = new Map<string, Line>();

  values(): IterableIterator<Line> {
    return this.#lines.values();
  }

  /** Takes over the estate's schedules; those that did not change keep their `next`. `broken` hears of lines that cannot be read. */
  async refresh(schedules: Schedules, broken: (name: string, error: unknown) => void): Promise<void> {
    if (this.#from === schedules) return;
    const lines = new Map<string, Line>();
    for (const [name, spec] of Object.entries(schedules)) {
      const { cron, timezone, dst, jitter } = spec;
      const digest = digestOf(canonical({ cron, timezone, ...(dst === undefined ? {} : { dst }) }));
      const known = this.#lines.get(name);
      if (known?.digest === digest && known.jitter === jitter) {
        lines.set(name, Object.assign(known, { spec }));
        continue;
      }
      const line: Line = { name, spec, digest, jitter, times: undefined, next: 0 };
      lines.set(name, line);
      // One broken schedule must not keep the others from running.
      line.times = await readCron(name, cron, timezone, dst).catch((error: unknown) => {
        broken(name, error);
        return undefined;
      });
    }
    this.#lines = lines;
    this.#from = schedules;
  }

  /** Each is looked at with the next tick. */
  anew(): void {
    for (const line of this.#lines.values()) line.next = 0;
  }

  get(name: string): Line | undefined {
    return this.#lines.get(name);
  }
}
