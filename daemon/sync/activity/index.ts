import { fail } from '../../../contracts/errors.ts';
import { day as dayAt, dayOf } from '../../calendar.ts';
import { place, type NewSection } from '../sections.ts';
import { fileLine, type SyncDeps, type SyncJob, type SyncResult, type SyncRun } from '../sync.ts';
import { tellDays } from './days.ts';
import type { DayLog } from './entries.ts';
import { dayHeadline, dayMarkdown, isQuiet } from './markdown.ts';

const HEADER = `# Activity log

What changed, why, decisions, blockers and next steps, day by day. Written by \`reeve sync activity-log\` from the ledger; what
stands outside the marked sections is yours and stays.
`;
const DAY_MS = 86_400_000;
/** Days that are written at once. */
const MAX_DAYS = 366;

/** The daily notes: a section a day in a file of people's, from the ledger. */
export const activityLog: SyncJob = {
  name: 'activity-log',
  summary: 'The daily notes: what changed, why, decisions, blockers, next steps',
  runbook: 'activity-log',
  run: writeDays,
};

async function writeDays(run: SyncRun, deps: SyncDeps): Promise<SyncResult> {
  const { clock, ledger, estate, clean } = deps;
  const { timezone } = estate.estate;
  const words = { timezone, clean };
  const [file = ''] = run.files;
  const now = clock.now();
  const days = daysFrom(run, now, timezone);
  const before = await deps.read(file);
  let text = before ?? HEADER;
  const counts = { written: 0, unchanged: 0, conflicts: 0 };
  const conflicts: string[] = [];
  const written: string[] = [];
  let told: { day: string; log: DayLog } | undefined;
  let done = 0;
  for await (const log of tellDays(ledger.read(0), days, run.project)) {
    run.signal.throwIfAborted();
    const day = dayAt(log.from, timezone);
    const over = log.to <= now;
    done += 1;
    await run.log(`progress ${done}/${days.length}\n`);
    // A day that has hardly begun says nothing yet; one that is over does, even that it was quiet.
    if (!over && isQuiet(log) && done > 1) continue;
    if (told === undefined || over || !isQuiet(log)) told = { day, log };
    const body = dayMarkdown(log, words);
    const placed = place(text, sectionOf(day, run.project, body));
    if (placed.outcome === 'conflict') {
      counts.conflicts += 1;
      conflicts.push(`${file}, ${day}: ${placed.why}`);
      await run.log(`${day}: left as it is, because ${placed.why}\n`);
      continue;
    }
    counts[placed.outcome] += 1;
    if (placed.outcome === 'written') written.push(`## ${day}\n\n${body}`);
    text = placed.text;
    await run.log(`${day}: ${placed.outcome}\n`);
  }
  if (!run.dryRun) {
    if (text !== before && counts.written > 0) await deps.write(file, text, before);
    const last = days.findLast(({ to }) => to <= now);
    if (last !== undefined) await run.advance(dayAt(last.from, timezone), counts, conflicts);
    else await run.advance(run.cursor ?? dayAt(now - DAY_MS, timezone), counts, conflicts);
  }
  const of = run.project ?? estate.estate.title ?? estate.estate.name;
  const headline = told === undefined ? 'Nothing to tell.' : dayHeadline(told.log, words);
  const kept = conflicts.map((one) => `**Kept as people left it**: ${clean(one)}`);
  return {
    title: `${of}: ${told?.day ?? dayAt(now, timezone)}`,
    headline: [...kept, headline].join('\n'),
    counts,
    changes: [
      fileLine(
        file,
        counts.written > 0 ? 'written' : counts.conflicts > 0 ? 'conflict' : 'unchanged',
        run.dryRun,
      ),
    ],
    conflicts,
    document: {
      name: 'activity-log.md',
      mediaType: 'text/markdown',
      text: written.length === 0 ? 'Nothing new.\n' : `${written.join('\n\n')}\n`,
    },
  };
}

/** The newest day comes first, as far as the days that stand there are in order. */
export const sectionOf = (day: string, project: string | undefined, body: string): NewSection => {
  const of = project === undefined ? '' : ` ${project}`;
  return {
    kind: 'day',
    key: `${day}${of}`,
    text: `## ${day}${project === undefined ? '' : ` (${project})`}\n\n${body}`,
    before: (key) => key.slice(0, day.length) < day,
  };
};

/**
 * From `--since`, else from the day after the last one that was written when it was over, else today. Until today. Whoever
 * has not asked for long does not get more than a year at once.
 */
function daysFrom({ since, cursor }: SyncRun, now: number, timezone: string): { from: number; to: number }[] {
  const wrong = (why: string): Error => fail('ARGUMENTS_INVALID', { command: 'sync activity-log', why });
  const today = dayAt(now, timezone);
  const first = since ?? (cursor === undefined ? today : nextDay(cursor));
  const begin = dayOf(first, timezone);
  if (begin === undefined) throw wrong(`--since takes a day such as 2026-11-25, not "${first.slice(0, 20)}"`);
  if (begin.from > now) {
    if (since !== undefined) throw wrong(`${first} has not begun yet`);
    return [];
  }
  const days: { from: number; to: number }[] = [];
  for (let day = first; day <= today; day = nextDay(day)) {
    const bounds = dayOf(day, timezone);
    if (bounds === undefined) break;
    days.push(bounds);
    if (days.length > MAX_DAYS) {
      if (since !== undefined) throw wrong(`that is more than ${MAX_DAYS} days`);
      days.shift();
    }
  }
  return days;
}

const nextDay = (day: string): string =>
  new Date(Date.parse(`${day}T00:00:00Z`) + DAY_MS).toISOString().slice(0, 10);
