import { z } from 'zod';
import { Duration } from '../../../contracts/duration.ts';
import type { Json } from '../../../contracts/json.ts';
import { probeKind, type PushEvent } from '../../ports/probe-kinds.ts';
import type { Finding } from '../../ports/probes.ts';
import { oneLine } from '../../text.ts';
import { shownTime } from '../amount.ts';
import { found } from '../target.ts';
import { sentence } from '../talk.ts';

const schema = z.strictObject({
  /** How often its job calls. */
  every: Duration,
  /** How late a call may be. */
  grace: Duration.default(300_000),
  /** From start to finish at most; absent: `every` and `grace`. */
  max_runtime: Duration.optional(),
});
type Options = z.infer<typeof schema>;

const Millis = z.int().min(0);
/** What outlives a restart. Times in ms. */
const Kept = z.strictObject({
  v: z.literal(1),
  /** Since when it is watched. */
  since: Millis,
  last: z
    .strictObject({ event: z.enum(['start', 'ping', 'fail']), at: Millis, text: z.string().max(400) })
    .nullable(),
  /** When it last said that all went well. */
  ok: Millis.nullable(),
  /** From the last start to its end, ms. */
  runtime: Millis.nullable(),
  /** It was found overdue: no restart excuses that any more. */
  overdue: z.boolean(),
  /** A call may have been lost while nobody listened: none is missed before this. One excuse for each call. */
  excused: Millis.nullable(),
});
type Kept = z.infer<typeof Kept>;

/**
 * A job that calls its push URL: `start` when it begins, a plain call when it ends well, `fail` when not. Silence is what
 * it warns of. Calls outlive a restart; a call that was due while the daemon was down is not held against the job, once.
 */
export const heartbeat = probeKind({
  kind: 'heartbeat',
  summary: 'Waits for calls of its push URL; silence, a failure and a run that takes too long are down.',
  schema,
  example:
    'every: 24h\ngrace: 30m\nmax_runtime: 2h\n# the job calls: curl -fsS -X POST http://127.0.0.1:PORT/hb/TOKEN',
  open(options, { clock, memo }) {
    const opened = clock.now();
    let loading: Promise<Kept> | undefined;
    let saving: Promise<void> = Promise.resolve();
    const save = (kept: Kept): Promise<void> => {
      const turn = saving.then(() => memo.save(kept));
      saving = turn.catch(() => undefined);
      return turn;
    };
    const load = async (): Promise<Kept> => {
      const kept = read(await memo.load(), opened);
      if (kept.last === null && kept.since === opened) await save(kept);
      else if (kept.excused === null && !kept.overdue && mayBeLost(kept, options, opened)) {
        kept.excused = opened + options.every + options.grace;
        await save(kept);
      }
      return kept;
    };
    const state = (): Promise<Kept> =>
      (loading ??= load().catch((error: unknown) => {
        loading = undefined;
        throw error;
      }));
    return {
      async run() {
        try {
          const kept = await state();
          if (broughtBack(kept, options, clock.now())) await save(kept);
          const judged = judge(kept, options, clock.now());
          if (judged.overdue === true && !kept.overdue) {
            kept.overdue = true;
            await save(kept);
          }
          return judged.finding;
        } catch (error) {
          return found('inconclusive', sentence(`the last call cannot be read or kept: ${String(error)}`));
        }
      },
      async push(event, text) {
        const kept = await state();
        note(kept, event, text, clock.now());
        await save(kept);
      },
      close: () => saving,
    };
  },
});

function read(saved: Json | undefined, now: number): Kept {
  const kept = Kept.safeParse(saved);
  if (kept.success) return kept.data;
  return { v: 1, since: now, last: null, ok: null, runtime: null, overdue: false, excused: null };
}

/** Further ahead than clocks that are set a little, ms. */
const AHEAD_MS = 60_000;

/**
 * A call that came while the clock was ahead stands in the future now, and silence would be fine until then. It counts as
 * having come now. Whether something was changed.
 */
function broughtBack(kept: Kept, { every, grace }: Options, now: number): boolean {
  const ahead = (at: number | null | undefined): at is number => at != null && at > now + AHEAD_MS;
  const { since, last, ok, excused } = kept;
  if (ahead(since)) kept.since = now;
  if (last !== null && ahead(last.at)) kept.last = { ...last, at: now };
  if (ahead(ok)) kept.ok = now;
  const most = now + every + grace;
  if (excused !== null && excused > most + AHEAD_MS) kept.excused = most;
  return kept.since !== since || kept.last !== last || kept.ok !== ok || kept.excused !== excused;
}

/** Whether a call may have come before `opened`, when nobody listened. A started job may end at any time. */
function mayBeLost({ last, ok, since }: Kept, { every, grace }: Options, opened: number): boolean {
  if (last?.event === 'fail') return false;
  if (last?.event === 'start') return opened > last.at;
  return opened >= (ok ?? since) + every - grace;
}

function note(kept: Kept, event: PushEvent, text: string, now: number): void {
  const began = kept.last?.event === 'start' ? kept.last.at : null;
  if (event !== 'start') kept.runtime = began === null ? null : Math.max(0, now - began);
  if (event === 'ping') kept.ok = now;
  kept.last = { event, at: now, text: oneLine(text.trim(), 200) };
  kept.overdue = false;
  kept.excused = null;
}

function judge(kept: Kept, options: Options, now: number): { finding: Finding; overdue?: boolean } {
  const { last, ok, since, runtime } = kept;
  const figures: Record<string, number> = last === null ? {} : { silent_ms: Math.max(0, now - last.at) };
  if (runtime !== null) figures['runtime_ms'] = runtime;
  const finding = (verdict: Finding['verdict'], why: string): Finding => ({
    ...found(verdict, sentence(why)),
    figures,
  });
  const said = last === null || last.text === '' ? '' : `: ${last.text}`;
  if (last?.event === 'fail') return { finding: finding('down', `the job said that it failed${said}`) };

  const { every, grace, max_runtime = every + grace } = options;
  const from = last?.event === 'start' ? last.at : (ok ?? since);
  const deadline = last?.event === 'start' ? from + max_runtime : from + every + grace;
  if (now > deadline) {
    if (kept.excused !== null && now <= kept.excused)
      return {
        finding: finding(
          'inconclusive',
          'a call was due while the daemon was down; it waits for the next one',
        ),
      };
    const ago = shownTime(now - from);
    const why =
      last?.event === 'start'
        ? `the job began ${ago} ago and has not ended (at most ${shownTime(max_runtime)})`
        : ok === null
          ? `the job has never called, in ${ago}`
          : `no call for ${ago} (every ${shownTime(every)}, grace ${shownTime(grace)})`;
    return { finding: finding('down', why), overdue: true };
  }
  if (last === null)
    return { finding: finding('inconclusive', 'it waits for the first call of its push URL') };
  if (
    options.max_runtime !== undefined &&
    last.event === 'ping' &&
    runtime !== null &&
    runtime > options.max_runtime
  )
    return {
      finding: finding(
        'degraded',
        `the last run took ${shownTime(runtime)}, over ${shownTime(options.max_runtime)}`,
      ),
    };
  return { finding: finding('up', '') };
}
