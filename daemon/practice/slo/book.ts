import { isDeepStrictEqual } from 'node:util';
import type { SloSpec } from '../../../contracts/estate/practice.ts';
import type { Verdict } from '../../../contracts/watch.ts';
import type { Clock } from '../../ports/clock.ts';
import type { SloView } from '../../ports/practice.ts';
import type { Finding, Probes } from '../../ports/probes.ts';
import {
  budgetOf,
  burnRate,
  judge,
  step,
  WINDOWS,
  type BurnWindow,
  type Memory,
  type WindowMemory,
} from './burn.ts';
import { Counts } from './counts.ts';

/** Samples of one probe that are read at once: a day at one a second, and some. More are read in parts. */
const MAX_SAMPLES = 100_000;
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

export interface BookDeps {
  clock: Clock;
  probes: {
    samples: Pick<Probes['samples'], 'raw'>;
    onSample: Probes['onSample'];
    /** Interval of a probe, ms; undefined: there is none of this name, or it is disabled. */
    interval(probe: string): number | undefined;
  };
  /** Whether a time of this probe lies in a maintenance window. */
  covered(probe: string, at: number): boolean;
  /** What is known of the alert of this window after a restart; undefined: none was raised. */
  told(slo: string, window: string): WindowMemory | undefined;
  warn(what: string, error: unknown): void;
}

interface Entry {
  spec: SloSpec;
  counts: Counts;
  memory: Memory;
  loaded: boolean;
}

/**
 * The objectives of the estate and what is counted for them. Stored samples are read once, in the background; after that
 * each sample is counted as it comes, so that a look costs a few thousand additions and no disk.
 */
export class SloBook {
  readonly #deps: BookDeps;
  readonly #entries = new Map<string, Entry>();
  readonly #unsubscribe: () => void;
  #loading: Promise<void> = Promise.resolve();
  #stopped = false;

  constructor(deps: BookDeps) {
    this.#deps = deps;
    this.#unsubscribe = deps.probes.onSample((probe, finding) => this.#sampled(probe, finding));
  }

  /** Takes over the objectives in force. Those that count other samples than before are counted anew. */
  set(specs: Readonly<Record<string, SloSpec>>, recount = false): void {
    for (const name of this.#entries.keys()) if (!Object.hasOwn(specs, name)) this.#entries.delete(name);
    for (const [name, spec] of Object.entries(specs)) {
      const known = this.#entries.get(name);
      if (known !== undefined && !recount && sameSamples(known.spec, spec)) {
        known.spec = spec;
        continue;
      }
      const entry: Entry = {
        spec,
        counts: new Counts(spec.window),
        memory: known?.memory ?? this.#remembered(name),
        loaded: false,
      };
      this.#entries.set(name, entry);
      const now = this.#deps.clock.now();
      this.#loading = this.#loading.then(() => this.#load(name, entry, now));
    }
  }

  /** Everything stored before has been counted. */
  async settled(): Promise<void> {
    await this.#loading;
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#unsubscribe();
    await this.#loading;
  }

  /** Judges every window anew. */
  look(): void {
    const now = this.#deps.clock.now();
    for (const entry of this.#entries.values())
      if (entry.loaded)
        entry.memory = step(entry.memory, now, (window) =>
          applies(window, entry.spec)
            ? judge(
                window,
                this.#tallies(entry, window, now),
                budgetOf(entry.spec.objective),
                entry.spec.min_bad,
              )
            : 'calm',
        );
  }

  names(): string[] {
    return [...this.#entries.keys()];
  }

  view(name: string): SloView | undefined {
    const entry = this.#entries.get(name);
    if (entry === undefined) return undefined;
    const now = this.#deps.clock.now();
    const { spec, counts, memory, loaded } = entry;
    const budget = budgetOf(spec.objective);
    const { good, bad } = counts.last(spec.window, now);
    const allowed = ((good + bad) * budget) / 1_000_000;
    const burns = WINDOWS.filter((window) => applies(window, spec)).map((window) => {
      const { long, short } = this.#tallies(entry, window, now);
      return {
        window: window.name,
        short: window.shortName,
        severity: window.severity,
        threshold: window.rate10 / 10,
        long_rate: burnRate(long, budget),
        short_rate: burnRate(short, budget),
        bad: long.bad,
        open: memory[window.name]?.open === true,
      };
    });
    const left = good + bad === 0 ? null : 1 - bad / allowed;
    return {
      ...spec,
      latency: spec.latency ?? null,
      name,
      state: !loaded
        ? 'loading'
        : left === null
          ? 'blind'
          : burns.some(({ open }) => open)
            ? 'burning'
            : left <= 0
              ? 'spent'
              : 'ok',
      good,
      bad,
      allowed,
      budget_left: left,
      burns,
    };
  }

  between(name: string, from: number, to: number): { good: number; bad: number } | null {
    const entry = this.#entries.get(name);
    if (entry === undefined || !entry.loaded) return null;
    // Counted by the hour, and for one more than the window: a week that ended a moment ago is still all there.
    if (from < this.#deps.clock.now() - entry.spec.window - HOUR_MS) return null;
    return entry.counts.between(from, to);
  }

  /** A window between two runs of a slow probe would be empty: it reaches over two of them at least. */
  #tallies(entry: Entry, { long, short }: BurnWindow, now: number) {
    const intervals = entry.spec.probes.map((probe) => this.#deps.probes.interval(probe) ?? 0);
    const least = 2 * Math.max(0, ...intervals);
    return {
      long: entry.counts.last(Math.max(long, least), now),
      short: entry.counts.last(Math.max(short, least), now),
    };
  }

  #remembered(name: string): Memory {
    return Object.fromEntries(
      WINDOWS.flatMap((window) => {
        const told = this.#deps.told(name, window.name);
        return told === undefined ? [] : [[window.name, told]];
      }),
    );
  }

  #sampled(probe: string, { verdict, ms, at }: Finding & { at: number }): void {
    for (const { spec, counts } of this.#entries.values())
      if (spec.probes.includes(probe)) this.#count(spec, counts, probe, { verdict, ms, at });
  }

  #count(
    { latency = Infinity }: SloSpec,
    counts: Counts,
    probe: string,
    { verdict, ms, at }: { verdict: Verdict; ms: number | null; at: number },
  ): void {
    if (verdict === 'inconclusive' || this.#deps.covered(probe, at)) return;
    counts.add(at, (verdict === 'up' || verdict === 'degraded') && (ms ?? 0) <= latency);
  }

  /** Counts what was stored before `until`; newer samples come by themselves (one that was under way then may be missed). */
  async #load(name: string, entry: Entry, until: number): Promise<void> {
    const { clock, probes, warn } = this.#deps;
    const reach = Math.max(entry.spec.window, ...WINDOWS.map(({ long }) => long));
    for (const probe of entry.spec.probes)
      for (let from = until - reach; from < until; from += DAY_MS) {
        if (this.#stopped || this.#entries.get(name) !== entry) return;
        try {
          // The store gives the newest of a stretch.
          for (let to: number | undefined = Math.min(until, from + DAY_MS); to !== undefined;) {
            const part = await probes.samples.raw(probe, from, to, MAX_SAMPLES);
            for (const sample of part) this.#count(entry.spec, entry.counts, probe, sample);
            to = part.length < MAX_SAMPLES ? undefined : part[0]?.at;
          }
        } catch (error) {
          warn(`the samples of ${probe} for the objective ${name}`, error);
        }
        await clock.sleep(0, { unref: true });
      }
    entry.loaded = true;
  }
}

/** A window that reaches further than the objective's own says nothing about it. */
const applies = ({ long }: BurnWindow, { window }: SloSpec): boolean => long <= window;

const sameSamples = (a: SloSpec, b: SloSpec): boolean =>
  a.window === b.window && a.latency === b.latency && isDeepStrictEqual(a.probes, b.probes);
