import { fail } from '../../contracts/errors.ts';
import type { ArtifactRef } from '../../contracts/artifact.ts';
import type { RecordBody } from '../../contracts/record.ts';
import { canonical } from '../canonical.ts';
import type { Artifacts } from '../ports/artifacts.ts';
import type { Ledger } from '../ports/ledger.ts';
import type { StateView } from '../ports/state.ts';
import { chart, type Point } from './evidence/chart.ts';
import { evidenceDocument, type Outcome } from './evidence/document.ts';
import { evidenceMarkdown } from './evidence/markdown.ts';
import { STATEMENT_TYPE, statement } from './evidence/statement.ts';
import { figuresOf, judge, type Objectives } from './figures.ts';
import { drills, type DrillResult, type DrillRun } from './projection.ts';

export interface RecordDeps {
  ledger: Pick<Ledger, 'append'>;
  state: StateView;
  artifacts: Pick<Artifacts, 'put'>;
  /** Objectives in the version of the runbook with this digest; null when that cannot be read any more. */
  objectives(runbook: string, digest: string): Promise<Objectives | null>;
  /** Puts a report for people into the state zone. */
  writeReport(name: string, text: string): Promise<void>;
  /** Told when only the report could not be written: the evidence is safe in the artifacts. */
  warn(what: string, error: unknown): void;
}

/**
 * Judges an attempt that has ended, stores its evidence bundle (JSON, Markdown, chart, in-toto statement) and records the
 * result; durable when it resolves. One result per attempt: undefined when there is one already.
 */
export async function recordDrill(
  deps: RecordDeps,
  run: DrillRun,
): Promise<RecordBody<'drill.result'> | undefined> {
  const { job, attempt_id } = run;
  const figures = figuresOf(run);
  const known = await deps.objectives(job.drill, job.runbook_digest);
  const objectives = known ?? { rpo_ms: null, rto_ms: null };
  const outcome: Outcome = { run, figures, objectives, judgement: judge(run, figures, known) };
  const { verdict, why } = outcome.judgement;
  const history = deps.state.get(drills).results[job.drill] ?? [];
  const markdown = evidenceMarkdown(outcome);
  const evidence = await store(deps, outcome, markdown, [...history]);
  const result: RecordBody<'drill.result'> = {
    drill: job.drill,
    job_id: job.job_id,
    project: job.project,
    env: job.env,
    attempt_id,
    verdict,
    rpo_ms: figures.rpo_ms,
    rto_ms: figures.rto_ms,
    objective_rpo_ms: objectives.rpo_ms,
    objective_rto_ms: objectives.rto_ms,
    phases: figures.phases,
    evidence,
    ...(why === undefined ? {} : { why: why.slice(0, 1000) }),
    ...(figures.backup === null ? {} : { backup: figures.backup }),
  };
  const taken = fail('DRILL_RESULT_TAKEN', { attempt: attempt_id });
  try {
    await deps.ledger.append('drill.result', result, {
      guard() {
        if (!Object.hasOwn(deps.state.get(drills).runs, attempt_id)) throw taken;
      },
    });
  } catch (error) {
    if (error === taken) return undefined;
    throw error;
  }
  const at = new Date(run.ended_at ?? job.queued_at).toISOString().replaceAll(/[-:.]/g, '');
  await deps
    .writeReport(`drill-${job.drill}-${at}-${verdict.toLowerCase()}.md`, markdown)
    .catch((error: unknown) => deps.warn(`the report of ${attempt_id}`, error));
  return result;
}

async function store(
  deps: RecordDeps,
  outcome: Outcome,
  markdown: string,
  history: readonly DrillResult[],
): Promise<ArtifactRef[]> {
  const { run, figures, objectives, judgement } = outcome;
  const { drill, plan_digest } = run.job;
  const document = evidenceDocument(outcome);
  const points: Point[] = [
    ...history,
    { at: run.ended_at ?? run.job.queued_at, verdict: judgement.verdict, ...pick(figures) },
  ].map(({ at, verdict, rpo_ms, rto_ms }) => ({ at, verdict, rpo_ms, rto_ms }));
  const svg = chart({
    title: `Drill ${drill}: recovery point and recovery time`,
    points,
    objective_rpo_ms: objectives.rpo_ms,
    objective_rto_ms: objectives.rto_ms,
  });
  // Without a backup to speak of (it died before), the statement is about the plan that ran.
  const subject =
    figures.backup === null
      ? statement(`plan of ${run.job.job_id}`, plan_digest, document)
      : statement('manifest.json', figures.backup, document);
  const put = (text: string, mediaType: string, ending: string): Promise<ArtifactRef> =>
    deps.artifacts.put(Buffer.from(text), { mediaType, name: `${drill}-${run.attempt_id}${ending}` });
  return [
    await put(`${canonical(document)}\n`, 'application/json', '.json'),
    await put(markdown, 'text/markdown', '.md'),
    await put(svg, 'image/svg+xml', '.svg'),
    await put(`${canonical(subject)}\n`, STATEMENT_TYPE, '.intoto.json'),
  ];
}

const pick = ({ rpo_ms, rto_ms }: { rpo_ms: number | null; rto_ms: number | null }) => ({ rpo_ms, rto_ms });
