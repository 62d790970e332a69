import type { JobDetail, StreamEvent } from '../../contracts/api.ts';
import { ArtifactRef } from '../../contracts/artifact.ts';
import { resultOf, type JobResult } from '../../contracts/job-result.ts';
import { isTerminal, JobStatus } from '../../contracts/job.ts';
import type { Plan } from '../../contracts/plan.ts';
import type { StepView } from '../../contracts/reply.ts';

/** Lines of output kept for the view. */
export const TAIL = 8;

export type FollowedStep = StepView & { started?: number };

/** What is known of a job while it is watched. */
export interface Followed {
  id: string;
  title: string;
  where: string;
  status: JobStatus;
  attempt: number;
  /** Ms since the epoch. */
  queued: number;
  started: number | undefined;
  ended: number | undefined;
  /** Another attempt comes by itself at this time. */
  retryAt: number | undefined;
  why: string | undefined;
  /** What came of it, where it says so. */
  result: JobResult | undefined;
  planned: readonly StepView[];
  steps: FollowedStep[];
  tail: { step: string; line: string }[];
}

export const plannedSteps = (plan: Pick<Plan, 'steps'>): StepView[] =>
  plan.steps.map(({ name, kind, on, summary }) => ({ name, kind, on, summary, status: 'PENDING' }));

/** From what the daemon says of the job now. Rebuilt whole after every reconnection. */
export function followedOf(job: JobDetail, planned: readonly StepView[]): Followed {
  const last = job.attempts.at(-1);
  const state: Followed = {
    id: job.spec.job_id,
    title: job.title,
    where: `${job.spec.project}/${job.spec.env}`,
    status: job.status,
    attempt: attemptOf(last?.record.attempt_id),
    queued: job.queued_at,
    started: last?.started_at,
    ended: last?.ended_at,
    retryAt: undefined,
    why: last?.why,
    result: resultOf(last?.outputs, last?.artifacts),
    planned,
    steps: planned.map((step) => ({ ...step })),
    tail: [],
  };
  for (const step of last?.steps ?? []) put(state, step);
  return state;
}

export const attemptOf = (id: string | undefined): number => Number(id?.split('.')[1] ?? 1);

function put(state: Followed, step: FollowedStep): void {
  const at = state.steps.findIndex((s) => s.name === step.name);
  const before = state.steps[at];
  if (before === undefined) state.steps.push(step);
  else state.steps[at] = { ...before, ...step, summary: step.summary === '' ? before.summary : step.summary };
}

/** The job has ended, and no attempt follows by itself. */
export const isOver = (state: Followed): boolean => isTerminal(state.status) && state.retryAt === undefined;

type RecordEvent = Extract<StreamEvent, { event: 'record' }>;
const text = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);
const number = (value: unknown): number | undefined => (typeof value === 'number' ? value : undefined);

/** Folds an event in. Answers the step it changed, if any. */
export function apply(state: Followed, event: StreamEvent): FollowedStep | undefined {
  if (event.event === 'log') {
    state.tail = [...state.tail, ...event.lines.map((line) => ({ step: event.step, line }))].slice(-TAIL);
    return undefined;
  }
  if (event.type === 'job.attempt') return void attempt(state, event);
  if (event.type === 'job.step.started') return step(state, event, { status: 'RUNNING', started: event.ts });
  if (event.type === 'job.step.finished') {
    const status = JobStatus.safeParse(event.body['status']).data ?? 'UNKNOWN';
    const why = text(event.body['why']);
    const ms = number(event.body['ms']);
    return step(state, event, {
      status,
      ...(ms === undefined ? {} : { ms }),
      ...(why === undefined ? {} : { why }),
    });
  }
  return undefined;
}

/** Of an attempt's record; undefined while it says nothing. */
function resultIn(body: RecordEvent['body']): JobResult | undefined {
  const outputs = body['outputs'];
  if (outputs === null || typeof outputs !== 'object' || Array.isArray(outputs)) return undefined;
  return resultOf(outputs, ArtifactRef.array().safeParse(body['artifacts']).data);
}

function attempt(state: Followed, event: RecordEvent): void {
  const record = event.body['attempt'];
  if (record === null || typeof record !== 'object' || Array.isArray(record)) return;
  const status = JobStatus.safeParse(record['status']).data;
  if (status === undefined) return;
  const nth = attemptOf(text(record['attempt_id']));
  if (nth < state.attempt) return;
  if (nth > state.attempt) {
    state.steps = state.planned.map((s) => ({ ...s }));
    state.started = undefined;
  }
  state.attempt = nth;
  state.status = status;
  state.why = text(event.body['why']);
  state.result = resultIn(event.body);
  state.retryAt = number(event.body['retry_at']);
  if (status === 'RUNNING') state.started ??= event.ts;
  state.ended = isTerminal(status) ? event.ts : undefined;
}

function step(state: Followed, event: RecordEvent, change: Partial<FollowedStep>): FollowedStep | undefined {
  const name = text(event.body['step']);
  if (name === undefined || attemptOf(text(event.body['attempt_id'])) < state.attempt) return undefined;
  const on = event.body['on'];
  const before = state.steps.find((s) => s.name === name);
  put(state, {
    name,
    kind: text(event.body['kind']) ?? before?.kind ?? '',
    on: on === 'failure' || on === 'always' ? on : (before?.on ?? 'normal'),
    summary: before?.summary ?? '',
    status: 'RUNNING',
    ...change,
  });
  return state.steps.find((s) => s.name === name);
}
