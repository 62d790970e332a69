import { z } from 'zod';
import { Digest, EnvironmentId, ProjectId, RunbookId, Slug } from './ids.ts';
import { Json, JsonObject } from './json.ts';

/** One step as it will run: fully resolved, nothing left to decide. */
export const PlanStep = z.object({
  name: Slug,
  kind: Slug,
  /** When it runs: in order, only after a failure (rollback), or always at the end. */
  on: z.enum(['normal', 'failure', 'always']),
  /** Its part in a game day; `again`: the steady state is asked once more, after the rollback. */
  phase: z.enum(['steady', 'method', 'rollback', 'again']).optional(),
  /** The step whose question this one asks again: its outputs take the place of that one's. */
  repeats: Slug.optional(),
  /** Line of its opening fence in the runbook file, from 1. */
  line: z.int().min(1),
  /** One line for people: what it does. */
  summary: z.string().max(500),
  timeout_ms: z.int().min(1),
  /** Kind-specific, complete: argv and script text, request, expression … This is what gets run, and what is hashed. */
  spec: JsonObject,
});
export type PlanStep = z.infer<typeof PlanStep>;

/**
 * What would run, computed without running anything. `plan_digest` = SHA-256 of the RFC 8785 form of this object, so
 * anything that changes between confirmation and execution changes the digest.
 */
export const Plan = z.object({
  v: z.literal(1),
  action: Slug,
  runbook: RunbookId,
  runbook_digest: Digest,
  /** Path of the file relative to the estate, for citations. */
  source: z.string().max(400),
  title: z.string().max(200),
  project: ProjectId,
  env: EnvironmentId,
  inputs: JsonObject,
  /** Other resolved facts: target, from/to …, as given. */
  targets: z.record(Slug, Json),
  /** Names (never values) of the variables and secrets the steps see. */
  environment_names: z.array(z.string().max(128)),
  config_version: Digest,
  timeout_ms: z.int().min(1),
  retries: z.int().min(0),
  idempotent: z.boolean(),
  lock: z.string().max(200).nullable(),
  on_conflict: z.enum(['queue', 'refuse']),
  needs: z.array(
    z.object({ runbook: RunbookId, status: z.literal('PASS'), within_ms: z.int().min(1).nullable() }),
  ),
  steps: z.array(PlanStep).min(1).max(200),
  /** Plans of runbooks called by `call` steps, by the step's name: they are part of what is approved. */
  calls: z.record(Slug, Digest),
  /** Files that its steps may write, relative to the estate. Absent: none. */
  outputs: z.array(z.string().max(300)).min(1).max(50).optional(),
});
export type Plan = z.infer<typeof Plan>;

/** One runbook that a plan's `call` steps run: what is done where, and by which text. */
export const CalledRun = z.strictObject({
  runbook: RunbookId,
  runbook_digest: Digest,
  action: Slug,
  project: ProjectId,
  env: EnvironmentId,
});
export type CalledRun = z.infer<typeof CalledRun>;

/** Everything that a plan calls, also through what it calls, each once: the `runs` of its `call` steps. */
export function calledRuns(plan: Plan): CalledRun[] {
  const all = plan.steps
    .filter(({ kind }) => kind === 'call')
    .flatMap(({ spec }) => z.array(CalledRun).parse(spec['runs'] ?? []));
  const key = (run: CalledRun): string => Object.values(run).join(' ');
  return [...new Map(all.map((run) => [key(run), run])).values()];
}

/** The whole plan of what a `call` step runs; absent in plans that were made before plans held it. */
export function calledPlan({ kind, spec }: PlanStep): Plan | undefined {
  return kind === 'call' && spec['plan'] !== undefined ? Plan.parse(spec['plan']) : undefined;
}

/** A plan and every plan within it, in the order in which they run. */
export function wholePlan(plan: Plan): Plan[] {
  const called = plan.steps.map(calledPlan).filter((inner) => inner !== undefined);
  return [plan, ...called.flatMap(wholePlan)];
}
