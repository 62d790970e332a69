import { fail } from '../../../contracts/errors.ts';
import { day, dayOf } from '../../calendar.ts';
import { inMarkdown, plainOf } from '../../markdown.ts';
import { oneLine } from '../../text.ts';
import type { SyncDeps, SyncJob, SyncResult, SyncRun } from '../sync.ts';

const DID = ['opened', 'acknowledged', 'noted', 'resolved', 'moved', 'conflict', 'refused'] as const;

/** Issues of Linear and the incidents they stand for: what no delivery has told. */
export const linear: SyncJob = {
  name: 'linear',
  summary: 'Incidents and their issues in Linear: what its webhooks may have missed',
  runbook: 'linear',
  run: reconcile,
};

async function reconcile(run: SyncRun, deps: SyncDeps): Promise<SyncResult> {
  const { clock, estate, clean } = deps;
  const { timezone } = estate.estate;
  const counts: Record<string, number> = { looked: 0, ...Object.fromEntries(DID.map((did) => [did, 0])) };
  const since = sinceOf(run, timezone);
  const begun = new Date(clock.now()).toISOString();
  let reached = run.cursor;
  const { looked, heard } = await deps.linear.reconcile({
    since,
    exact: run.since !== undefined,
    project: run.project,
    dryRun: run.dryRun,
    job: run.job,
    signal: run.signal,
    log: (text) => run.log(text),
    async reached(at) {
      const cursor = new Date(Math.max(at, reached === undefined ? 0 : Date.parse(reached))).toISOString();
      if (run.dryRun || cursor === reached) return;
      reached = cursor;
      await run.advance(cursor, {}, []);
    },
  });
  counts['looked'] = looked;
  for (const { did } of heard) counts[did] = (counts[did] ?? 0) + 1;
  const line = ({ what, did, why }: (typeof heard)[number]): string =>
    `- ${inMarkdown(oneLine(clean(`${what}: ${did}, ${why.startsWith(`${what} `) ? why.slice(what.length + 1) : why}`), 300))}`;
  const odd = heard.filter(({ did }) => did === 'conflict' || did === 'refused');
  const conflicts = odd.map(({ what, why }) => (why.startsWith(`${what} `) ? why : `${what}: ${why}`));
  // What changed while it ran is looked at by the next run.
  if (!run.dryRun) await run.advance(begun, counts, conflicts);
  const of = run.project ?? estate.estate.title ?? estate.estate.name;
  return {
    title: `${of}: Linear, ${day(clock.now(), timezone)}`,
    headline: [
      ...(odd.length === 0 ? [] : ['**Left as it is on both sides**:', ...odd.slice(0, 10).map(line)]),
      heard.length === 0
        ? `Nothing was missed; ${looked} looked at.`
        : `${heard.length} missed, of ${looked} looked at.`,
    ].join('\n'),
    counts,
    changes: heard.filter((one) => !odd.includes(one)).map((one) => plainOf(line(one)).slice(2)),
    conflicts,
    document: {
      name: 'linear.md',
      mediaType: 'text/markdown',
      text: heard.length === 0 ? 'Nothing was missed.\n' : `${heard.map(line).join('\n')}\n`,
    },
  };
}

function sinceOf({ since, cursor }: SyncRun, timezone: string): number | undefined {
  if (since === undefined) return cursor === undefined ? undefined : Date.parse(cursor);
  const found = dayOf(since, timezone);
  if (found !== undefined) return found.from;
  throw fail('ARGUMENTS_INVALID', {
    command: 'sync linear',
    why: `--since takes a day such as 2026-11-25, not "${since.slice(0, 20)}"`,
  });
}
