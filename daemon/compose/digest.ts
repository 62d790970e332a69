import { day, weekOf } from '../calendar.ts';
import type { Config } from '../ports/config.ts';
import type { Practice, Digest } from '../ports/practice.ts';
import { bullets, digestText, isQuiet } from '../practice/report/digest.ts';
import { readCron } from '../schedule/times.ts';
import { schedules, scheduleState } from '../schedule/projection.ts';
import { tellDays } from '../sync/activity/days.ts';
import { isQuiet as isQuietDay } from '../sync/activity/markdown.ts';
import type { DayLog, Entry } from '../sync/activity/entries.ts';
import { syncProjection } from '../sync/projection.ts';
import type { Runbooks } from '../ports/runbooks.ts';
import { oneLine } from '../text.ts';
import { plural } from '../../contracts/units.ts';
import type { Store } from './store.ts';

export interface DigestDeps {
  store: Pick<Store, 'ledger' | 'clock' | 'state'>;
  config: Config;
  runbooks: Pick<Runbooks, 'get'>;
  clean(text: string): string;
  weekly: Practice['weekly'];
}

/** The digest of a day or a week, from the ledger and what is folded from it. */
export async function makeDigest(
  deps: DigestDeps,
  { period, from, to, project }: Parameters<Practice['digest']>[0],
): Promise<Digest> {
  const { store, config, clean } = deps;
  const { config: estate } = config.current();
  const { timezone } = estate.estate;
  const may = (place: { project?: string | undefined } | undefined): boolean =>
    project === undefined || place?.project === project;
  const report = await deps.weekly({ from, to, project, may });
  const last = period === 'week' ? weekOf(day(from - 1, timezone), timezone) : undefined;
  const before = last === undefined ? null : await deps.weekly({ ...last, project, may });
  const { log, now } = await told(deps, { from, to, project });
  const say = (text: string): string => oneLine(clean(text), 200);
  const parts = {
    period,
    report,
    before,
    happened: isQuietDay(log) ? '' : happened(log, say),
    waiting: now.next.map(
      ({ text, command }) => `${say(text)}${command === undefined ? '' : `: ${command}`}`,
    ),
    conflicts: Object.values(store.state.get(syncProjection))
      .filter((run) => run.at >= from && run.at < to && run.conflicts.length > 0 && may(run))
      .map((run) => ({ sync: run.sync, project: run.project ?? null, count: run.conflicts.length })),
    drills: await nextDrills(deps, project),
  };
  const name = project ?? estate.estate.title ?? estate.estate.name;
  const days =
    period === 'day' ? day(from, timezone) : `week of ${day(from, timezone)} to ${day(to - 1, timezone)}`;
  return {
    period,
    title: `${name}: ${days}`,
    text: clean(digestText(parts)),
    quiet: isQuiet(parts),
    project: project ?? null,
    timezone,
    from,
    to,
    waiting: parts.waiting.map(clean),
    report,
    before,
  };
}

/** What changed and what did not pass. Jobs before what people set up: the log of the day has both, with every line. */
function happened({ changed, failed, decisions, routine }: DayLog, say: (text: string) => string): string {
  const isJob = ({ ref = '' }: Entry): boolean => ref.startsWith('job_');
  const lines = (all: Entry[]): string[] =>
    [...all.filter(isJob), ...all.filter((one) => !isJob(one))].map(({ what, by }) =>
      say(by === undefined ? what : `${what}, by ${by}`),
    );
  const runs = [...routine.values()].reduce((sum, n) => sum + n, 0);
  return [
    ...(failed.items.length === 0 ? [] : [bullets('Did not pass', lines(failed.items), failed.more)]),
    ...(changed.items.length === 0 ? [] : [bullets('Changed', lines(changed.items), changed.more)]),
    ...(decisions.items.length === 0 ? [] : [bullets('Decided', lines(decisions.items), decisions.more)]),
    ...(runs === 0 ? [] : [`By schedule, passed: ${plural(runs, 'run')}.`]),
  ].join('\n\n');
}

/** What happened in [from, to), and what is open now, whenever it began. */
async function told(
  { store: { ledger, clock } }: DigestDeps,
  { from, to, project }: { from: number; to: number; project: string | undefined },
): Promise<{ log: DayLog; now: DayLog }> {
  const spans = [
    { from, to },
    { from: to, to: Math.max(to, clock.now()) + 1 },
  ];
  const logs = [];
  for await (const log of tellDays(ledger.read(0), spans, project)) logs.push(log);
  const [log, now] = logs;
  if (log === undefined || now === undefined) throw new Error('no days were told');
  // What the span asked people to do is still to be done.
  const known = new Set(now.next.map(({ text }) => text));
  return { log, now: { ...now, next: [...log.next.filter(isAction(known)), ...now.next] } };
}

/** Steps that follow from what happened, and not from something that was open then and may be over. */
const isAction =
  (known: ReadonlySet<string>) =>
  ({ text, command = '' }: { text: string; command?: string }): boolean =>
    !known.has(text) && command.startsWith('reeve jobs show ');

async function nextDrills(
  { store: { state, clock }, config, runbooks }: DigestDeps,
  project: string | undefined,
): Promise<{ schedule: string; at: number }[]> {
  const { config: estate } = config.current();
  const found = [];
  for (const [name, spec] of Object.entries(estate.schedules)) {
    if (project !== undefined && spec.project !== project) continue;
    if (scheduleState(state.get(schedules), name)?.paused) continue;
    const book = await runbooks.get(spec.runbook).catch(() => undefined);
    if (book?.front.action !== 'run_drill') continue;
    const times = await readCron(name, spec.cron, spec.timezone ?? estate.estate.timezone, spec.dst).catch(
      () => undefined,
    );
    const [at] = times?.after(clock.now(), 1) ?? [];
    if (at !== undefined) found.push({ schedule: name, at });
  }
  return found.toSorted((a, b) => a.at - b.at);
}
