import { day, daysIn, weekOf, weekday } from '../calendar.ts';
import { own } from '../own.ts';
import type { Jobs } from '../ports/jobs.ts';
import { practiceProjection } from '../practice/fold/projection.ts';
import { seekTime } from '../seek.ts';
import type { Config } from '../ports/config.ts';
import type { Practice, Digest, WeeklyReport } from '../ports/practice.ts';
import { bullets, digestText, isQuiet } from '../practice/report/digest.ts';
import { readCron } from '../schedule/times.ts';
import { schedules, scheduleState } from '../schedule/projection.ts';
import { tellDays, toldJob, wholeOf, type Past, type ToldJob } from '../sync/activity/days.ts';
import { openNow, openProjection, unknownJobs } from '../sync/activity/open.ts';
import { isQuiet as isQuietDay } from '../sync/activity/markdown.ts';
import type { DayLog, Entry, Step } from '../sync/activity/entries.ts';
import { syncProjection } from '../sync/projection.ts';
import type { Runbooks } from '../ports/runbooks.ts';
import { oneLine } from '../text.ts';
import { plural } from '../../contracts/units.ts';
import type { Store } from './store.ts';

export interface DigestDeps {
  store: Pick<Store, 'ledger' | 'clock' | 'state'>;
  config: Config;
  runbooks: Pick<Runbooks, 'get'>;
  jobs: Pick<Jobs, 'get'>;
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
  const { days, log, now } = await told(deps, { from, to, project });
  const say = (text: string): string => oneLine(clean(text), 200);
  const parts = {
    period,
    report,
    before,
    happened: isQuietDay(log) ? '' : happened(log, say),
    waiting: now.map(({ text, command }) => `${say(text)}${command === undefined ? '' : `: ${command}`}`),
    conflicts: Object.values(store.state.get(syncProjection))
      .filter((run) => run.at >= from && run.at < to && run.conflicts.length > 0 && may(run))
      .map((run) => ({ sync: run.sync, project: run.project ?? null, count: run.conflicts.length })),
    drills: await nextDrills(deps, project),
  };
  const name = project ?? estate.estate.title ?? estate.estate.name;
  const span =
    period === 'day' ? day(from, timezone) : `week of ${day(from, timezone)} to ${day(to - 1, timezone)}`;
  const title = `${name}: ${span}`;
  return {
    period,
    title,
    text: clean(digestText(parts)),
    quiet: isQuiet(parts),
    project: project ?? null,
    timezone,
    from,
    to,
    waiting: parts.waiting.map(clean),
    report,
    before,
    chart: period === 'day' || isQuiet(parts) ? null : clean(await drawn(title, days, report)),
  };
}

/** The week as a picture. */
async function drawn(title: string, days: readonly DayLog[], report: WeeklyReport): Promise<string> {
  const { weekChart } = await import('../practice/report/chart.ts');
  return weekChart({
    title,
    days: days.map(({ from, to, verdicts }) => ({
      name: weekday(from, report.timezone),
      ...verdicts,
      incidents: report.incidents.filter(({ opened }) => opened >= from && opened < to).length,
    })),
    drills: report.drills
      .filter(({ runs }) => runs > 0)
      .map(({ drill, last, ...figures }) => ({ ...figures, name: drill, verdict: last.verdict })),
  });
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

/**
 * What happened in [from, to), day by day and as a whole, and what is to be done now, whenever it began. Reads no more of the
 * ledger than those days, and as long a time until now: what is open stands in the state.
 */
async function told(
  deps: DigestDeps,
  { from, to, project }: { from: number; to: number; project: string | undefined },
): Promise<{ days: DayLog[]; log: DayLog; now: Step[] }> {
  const { ledger, clock, state } = deps.store;
  const { timezone } = deps.config.current().config.estate;
  const past: Past = {
    job: (id) =>
      deps.jobs.get(id).then(
        ({ spec, title }) => toldJob(spec, title),
        () => undefined,
      ),
    incident: (id) => own(state.get(practiceProjection).incidents, id),
  };
  const read = async (spans: { from: number; to: number }[]): Promise<DayLog[]> => {
    const logs = [];
    const records = ledger.read(await seekTime(ledger, spans[0]?.from ?? 0));
    for await (const log of tellDays(records, spans, project, past)) logs.push(log);
    return logs;
  };
  const days = await read(daysIn(from, to, timezone));
  const log = wholeOf(days, { from, to });
  const end = Math.max(to, clock.now()) + 1;
  const [since] = await read([{ from: Math.max(to, end - (to - from)), to: end }]);
  const titles = new Map<string, ToldJob>();
  for (const id of unknownJobs(state.get(openProjection))) {
    const job = await past.job(id);
    if (job !== undefined) titles.set(id, job);
  }
  const open = openNow(state.get(openProjection), project, (job) => titles.get(job));
  const next = [...(since?.todo ?? []), ...open.next];
  // What the span asked people to do is still to be done.
  const known = new Set(next.map(({ text }) => text));
  return { days, log, now: [...log.todo.filter(isAction(known)), ...next] };
}

/** Steps that follow from what happened then, and not from something that may be over. */
const isAction =
  (known: ReadonlySet<string>) =>
  ({ text, command = '' }: Step): boolean =>
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
