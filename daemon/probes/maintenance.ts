import type { MaintenanceSpec, ProbeSpec } from '../../contracts/estate/probes.ts';

/** One maintenance window of the estate. */
export interface Window {
  name: string;
  /** Whether `at` (ms) lies in it. */
  covers(at: number): boolean;
  concerns(probe: string, project: string): boolean;
}

/**
 * Reads a window. A recurring one begins when its cron line is due in its time zone and lasts for so much elapsed time, so
 * that daylight saving neither drops nor doubles it (croner runs a line with fixed times once a day); the local times of a
 * single one are those of the wall clock there.
 *
 * @throws Error for people when it cannot be read.
 */
export async function readWindow(name: string, spec: MaintenanceSpec): Promise<Window> {
  const covers = await (spec.cron === undefined ? once(spec) : recurring(spec.cron, spec));
  const probes = spec.probes === undefined ? undefined : new Set(spec.probes);
  const projects = spec.projects === undefined ? undefined : new Set(spec.projects);
  return {
    name,
    covers,
    concerns: (probe, project) => probes?.has(probe) !== false && projects?.has(project) !== false,
  };
}

/** The window that a probe is in, by name: the first in the order of the estate. */
export const windowOf = (
  windows: readonly Window[],
  probe: string,
  spec: Pick<ProbeSpec, 'project'>,
  at: number,
): string | null =>
  windows.find((window) => window.concerns(probe, spec.project) && window.covers(at))?.name ?? null;

async function recurring(cron: string, { duration, timezone }: MaintenanceSpec): Promise<Window['covers']> {
  if (duration === undefined) throw new Error('a recurring window needs `duration`');
  const { Cron } = await import('croner');
  const job = new Cron(cron, { timezone, paused: true, mode: '5-or-6-parts', fixedTimeRule: 'no-wildcard' });
  if (job.nextRuns(1, new Date(0)).length === 0) throw new Error(`"${cron}" is never due`);
  // Beginnings are whole seconds; the answer is the same until the next of them.
  let known = { from: 0, until: 0, begun: -Infinity };
  return (at) => {
    if (at < known.from || at >= known.until) {
      const begun = job
        .previousRuns(2, new Date(at + 1000))
        .map((date) => date.getTime())
        .find((time) => time <= at);
      const next = job.nextRuns(1, new Date(at))[0]?.getTime() ?? Infinity;
      known = { from: begun ?? 0, until: next, begun: begun ?? -Infinity };
    }
    return at < known.begun + duration;
  };
}

async function once({ from, until, timezone }: MaintenanceSpec): Promise<Window['covers']> {
  if (from === undefined || until === undefined)
    throw new Error('a window has `cron` and `duration`, or `from` and `until`');
  const [begin, end] = await Promise.all([instantOf(from, timezone), instantOf(until, timezone)]);
  if (end <= begin) throw new Error('`until` is not after `from`');
  return (at) => at >= begin && at < end;
}

/** The instant of a local time `2026-12-01T22:00[:00]` in a zone, ms; of two (autumn) the first, of none (spring) the next. */
async function instantOf(text: string, timezone: string): Promise<number> {
  const { Cron } = await import('croner');
  const [, minutes, seconds = ':00'] = /^(\d{4}-\d\d-\d\dT\d\d:\d\d)(:\d\d)?$/.exec(text) ?? [];
  if (minutes === undefined) throw new Error(`"${text}" is no local time such as 2026-12-01T22:00`);
  const asUtc = new Date(`${minutes}${seconds}Z`);
  // The 31st of February would silently be the 3rd of March.
  if (Number.isNaN(asUtc.getTime()) || !asUtc.toISOString().startsWith(minutes + seconds))
    throw new Error(`there is no ${text}`);
  const date = new Cron(minutes + seconds, { timezone, paused: true }).nextRuns(1, new Date(0))[0];
  if (date === undefined) throw new Error(`"${text}" is no time`);
  return date.getTime();
}
