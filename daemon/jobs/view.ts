import type { Plan } from '../../contracts/plan.ts';
import type { StepView } from '../../contracts/reply.ts';
import type { JobView } from '../ports/jobs.ts';
import type { AttemptEntry, JobEntry } from './entries.ts';

/** With the plan, the steps that have not begun stand there too, PENDING while the attempt can still reach them. */
export function jobView(entry: JobEntry, plan?: Plan): JobView {
  const { spec, title, status, queued_at, resolved } = entry;
  const attempts = entry.attempts.map((attempt) => attemptView(attempt, plan));
  return {
    spec,
    title,
    status,
    queued_at,
    attempts,
    ...(resolved === undefined ? {} : { resolved }),
  };
}

function attemptView(attempt: AttemptEntry, plan: Plan | undefined): JobView['attempts'][number] {
  const { record, fence, why, log, outputs, artifacts, started_at, ended_at } = attempt;
  return {
    record,
    fence,
    steps: stepViews(attempt, plan),
    ...(why === undefined ? {} : { why }),
    ...(log === undefined ? {} : { log }),
    ...(outputs === undefined ? {} : { outputs }),
    ...(artifacts === undefined ? {} : { artifacts }),
    ...(started_at === undefined ? {} : { started_at }),
    ...(ended_at === undefined ? {} : { ended_at }),
  };
}

function stepViews({ steps, ended_at, record }: AttemptEntry, plan: Plan | undefined): StepView[] {
  const done = new Map(
    steps.map(({ name, kind, on, summary, status, ms, why }): [string, StepView] => {
      // An intent without an outcome.
      const shown = status === 'RUNNING' && record.status === 'UNKNOWN' ? 'UNKNOWN' : status;
      const view: StepView = { name, kind, on, summary, status: shown };
      if (ms !== undefined) view.ms = ms;
      if (why !== undefined) view.why = why;
      return [name, view];
    }),
  );
  if (plan === undefined) return [...done.values()];
  return plan.steps.map(
    ({ name, kind, on, summary }) =>
      done.get(name) ?? { name, kind, on, summary, status: ended_at === undefined ? 'PENDING' : 'SKIPPED' },
  );
}
