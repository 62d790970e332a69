import { fail } from '../../contracts/errors.ts';
import type { Artifacts } from '../ports/artifacts.ts';
import type { Config } from '../ports/config.ts';
import type { Clock } from '../ports/clock.ts';
import type { People } from '../ports/people.ts';
import type { Practice } from '../ports/practice.ts';
import type { StepServices } from '../ports/steps.ts';
import { day, digestSpan } from '../calendar.ts';

const WEEK_MS = 7 * 86_400_000;

export interface ReportStepDeps {
  artifacts: Pick<Artifacts, 'put'>;
  clock: Clock;
  config: Config;
  people: Pick<People, 'allowsEverywhere'>;
  practice(): Practice;
  /** Writes a report for people; resolves to its path below the estate. */
  write(name: string, text: string): Promise<string>;
}

/** The report step: the last seven days as an artifact and, where the state zone allows it, as a file. */
export async function reportStep(
  { artifacts, clock, config, people, practice, write }: ReportStepDeps,
  { period, scope, job }: Parameters<StepServices['report']>[0],
): ReturnType<StepServices['report']> {
  const { project, requested_by, anchor } = job;
  // A slot runs under a mandate that somebody accepted for just this; a person is shown no more than they may see.
  if (scope === 'estate' && anchor.kind !== 'slot' && !people.allowsEverywhere(requested_by, 'view'))
    throw fail('FORBIDDEN', { person: requested_by, verb: 'view', where: 'every project' });
  if (period !== 'weekly') {
    const of = period === 'daily-digest' ? 'day' : 'week';
    // A slot that is made up for is told of its own day.
    const as = anchor.kind === 'slot' ? Date.parse(anchor.id.slice(anchor.id.indexOf('@') + 1)) : clock.now();
    const span = digestSpan(of, as, config.current().config.estate.timezone);
    if (span === undefined) throw new Error(`no day at ${as}`);
    const made = await practice().digest({
      period: of,
      ...span,
      project: scope === 'project' ? project : undefined,
    });
    const document = await artifacts.put(Buffer.from(`${made.title}\n\n${made.text}\n`), {
      mediaType: 'text/plain',
      name: `${period}-${day(made.to - 1, made.timezone)}.txt`,
    });
    const picture =
      made.chart === null
        ? null
        : await artifacts.put(Buffer.from(made.chart), {
            mediaType: 'image/svg+xml',
            name: `${period}-${day(made.to - 1, made.timezone)}.svg`,
          });
    return { title: made.title, headline: made.text, artifact: document, file: null, picture };
  }
  const to = clock.now();
  const report = await practice().weekly({
    from: to - WEEK_MS,
    to,
    project: scope === 'project' ? project : undefined,
    may: (place) => scope === 'estate' || place?.project === project,
  });
  const { title, headline, markdown } = await practice().written(report);
  const name = `weekly-${scope === 'project' ? `${project}-` : ''}${day(to, report.timezone)}.md`;
  const artifact = await artifacts.put(Buffer.from(markdown), { mediaType: 'text/markdown', name });
  const file = await write(name, markdown).catch(() => null);
  return { title, headline, artifact, file, picture: null };
}
