import type { Clock } from '../ports/clock.ts';
import type { Finding } from '../ports/probes.ts';
import { oneLine } from '../text.ts';
import { isBad } from './damping.ts';
import type { Live, Sampled } from './live.ts';
import type { LoopLag } from './loop-lag.ts';
import { found } from './target.ts';
import type { Uplink } from './uplink.ts';

/** A probe that does not stop this long after its time is over is given up, ms. */
const GRACE_MS = 2000;

export interface TakeDeps {
  clock: Clock;
  lag: LoopLag;
  uplink: Pick<Uplink, 'works'>;
  /** Hides what is secret in a text. */
  clean(text: string): string;
  /** watch.loop_lag, ms. */
  lagLimit(): number;
  /** The probe did not stop when its time was over: what it holds cannot be used again. */
  givenUp(live: Live): void;
}

/** One run of a probe, judged: trouble of our own is never put down to what was looked at. Never rejects. */
export async function take(live: Live, deps: TakeDeps): Promise<Sampled> {
  const { clock, lag } = deps;
  const at = clock.now();
  const begun = clock.monotonic();
  lag.begin();
  try {
    const finding = await within(live, deps);
    const judged = withFigures(await ownSide(finding, live, begun, deps));
    return { ...judged, why: judged.why === '' ? '' : oneLine(deps.clean(judged.why), 300), at };
  } finally {
    lag.end();
  }
}

/** A figure that a service made up may be no number; then there is none. */
function withFigures(finding: Finding): Finding {
  const { figures = {} } = finding;
  if (Object.values(figures).every(Number.isFinite)) return finding;
  return {
    ...finding,
    figures: Object.fromEntries(Object.entries(figures).filter(([, value]) => Number.isFinite(value))),
  };
}

function within(live: Live, { clock, givenUp }: TakeDeps): Promise<Finding> {
  return new Promise((resolve) => {
    const limit = new AbortController();
    let cancel = clock.after(live.spec.timeout, () => {
      limit.abort(new Error(`the time of the probe is over (${live.spec.timeout} ms)`));
      cancel = clock.after(GRACE_MS, () => {
        givenUp(live);
        resolve(found('inconclusive', 'the probe itself did not stop when its time was over'));
      });
    });
    const end = (finding: Finding): void => {
      cancel();
      resolve(finding);
    };
    live.prober
      .run(limit.signal)
      .then(end, (error: unknown) => end(found('inconclusive', `the probe itself failed: ${String(error)}`)));
  });
}

async function ownSide(finding: Finding, live: Live, begun: number, deps: TakeDeps): Promise<Finding> {
  if (finding.verdict === 'inconclusive') return finding;
  const stood = deps.lag.since(begun);
  if (stood > deps.lagLimit()) {
    // That it answered is proof all the same; how fast is not.
    if (finding.verdict === 'up') return { ...finding, ms: null };
    return found('inconclusive', `this process stood still for ${Math.round(stood)} ms; ${finding.why}`);
  }
  if (!isBad(finding.verdict) || live.kind.local === true || finding.near === true) return finding;
  if (await deps.uplink.works(begun)) return finding;
  return found(
    'inconclusive',
    `nothing outside can be reached (watch.uplink): our own network is down; ${finding.why}`,
  );
}
