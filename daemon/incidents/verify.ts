import { ReeveError } from '../../contracts/errors.ts';
import type { Clock } from '../ports/clock.ts';
import type { Probes } from '../ports/probes.ts';
import { shown } from './words.ts';

export interface VerifyDeps {
  clock: Clock;
  probes: Pick<Probes, 'get' | 'run'>;
  signal: AbortSignal;
}

/** Between two runs of the probe, at most, ms. */
const EVERY_MS = 5000;

/**
 * Asks the probe, itself and not from memory, until its state is up (or degraded: it answers) or `within` ms have passed. A
 * check that throws or hangs has verified nothing. Rejects only when the daemon stops.
 */
export async function verify(
  { clock, probes, signal }: VerifyDeps,
  probe: string,
  within: number,
): Promise<{ up: boolean; why: string }> {
  const from = clock.monotonic();
  let why = `${probe} was not asked`;
  for (;;) {
    signal.throwIfAborted();
    const left = within - (clock.monotonic() - from);
    try {
      const found = await limited(clock, signal, probes.run(probe), Math.max(left, 1));
      const { state, spec } = probes.get(probe);
      const took = shown(clock.monotonic() - from);
      if (state === 'up') return { up: true, why: `${probe} is up, ${took} after the runbook ended` };
      if (state === 'degraded') return { up: true, why: `${probe} answers again, degraded: ${found.why}` };
      const said = found.why === '' ? '' : ` (last: ${found.why})`;
      why = `${probe} is ${state} ${shown(within)} after the runbook ended${said}`;
      const pause = Math.min(spec.interval, EVERY_MS, Math.max(left, 0));
      if (clock.monotonic() - from < within) await clock.sleep(pause, { signal, unref: true });
    } catch (error) {
      signal.throwIfAborted();
      why = `${probe} could not be asked: ${error instanceof Error ? error.message : String(error)}`;
      // It is in the estate no more: asking again changes nothing.
      if (error instanceof ReeveError && error.code === 'PROBE_UNKNOWN') return { up: false, why };
      if (clock.monotonic() - from < within)
        await clock.sleep(Math.min(EVERY_MS, within), { signal, unref: true });
    }
    if (clock.monotonic() - from >= within) return { up: false, why };
  }
}

async function limited<T>(clock: Clock, signal: AbortSignal, work: Promise<T>, ms: number): Promise<T> {
  // What comes too late must not end the process either.
  work.catch(() => undefined);
  const done = new AbortController();
  const late = clock
    .sleep(ms, { signal: AbortSignal.any([signal, done.signal]), unref: true })
    .then((): never => {
      throw new Error(`no answer within ${shown(ms)}`);
    });
  late.catch(() => undefined);
  try {
    return await Promise.race([work, late]);
  } finally {
    done.abort(new Error('answered'));
  }
}
