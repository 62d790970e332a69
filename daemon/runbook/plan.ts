import { fail } from '../../contracts/errors.ts';
import type { Plan, PlanStep } from '../../contracts/plan.ts';
import { Plan as PlanSchema } from '../../contracts/plan.ts';
import type { JsonObject } from '../../contracts/json.ts';
import type { Runbook, RunbookStep } from '../../contracts/runbook.ts';
import type { Config } from '../ports/config.ts';
import type { PlanRequest } from '../ports/runbooks.ts';
import { oneLine } from '../text.ts';
import { environmentNames, textOf } from './environment.ts';
import type { yamlLibrary } from './front.ts';
import { askedAgain } from './gameday.ts';
import { resolveInputs } from './inputs.ts';
import { sourceOf } from './load.ts';
import { kindNamed } from './steps/index.ts';
import { StepMistake, type PlanEnv } from './steps/kind.ts';
import { UnfitValue, asIs, fillAll, fillSome, type Ref } from './template.ts';

/** How many runbooks may call one another in a row. */
export const MAX_CALLS = 5;
/** Steps, and characters of what they do, in a plan with all that it calls: what a person can be shown. */
const MAX_WHOLE = { steps: 1000, characters: 4_000_000 };

/** What planning has come to so far, over all runbooks of one plan. */
export class Whole {
  #steps = 0;
  #characters = 0;

  /** Throws RUNBOOK_INVALID at the first step that is too much. */
  add(source: string, step: PlanStep): void {
    this.#steps += 1;
    // What is called has been counted step by step.
    this.#characters += step.kind === 'call' ? 0 : JSON.stringify(step.spec).length;
    const { steps, characters } = MAX_WHOLE;
    if (this.#steps <= steps && this.#characters <= characters) return;
    const why = `with all that it calls it has more than ${steps} steps or ${characters} characters`;
    throw fail('RUNBOOK_INVALID', { file: source, count: 1, why }, { at: `${source}:${step.line}` });
  }
}

export interface PlanDeps {
  config: Config;
  yaml: Awaited<ReturnType<typeof yamlLibrary>>;
  /** Plans a called runbook. */
  call(request: PlanRequest): Promise<Plan>;
  whole: Whole;
}

/**
 * What a runbook would do. Reads nothing but its arguments and the runbooks it calls; executes, writes and connects to
 * nothing. Everything that will run stands in `steps[].spec`. Rejects INPUT_INVALID, PROJECT_UNKNOWN,
 * ENVIRONMENT_UNKNOWN, ARGUMENTS_INVALID, RUNBOOK_INVALID, and what planning a called runbook rejects with.
 */
export async function planRunbook(runbook: Runbook, request: PlanRequest, deps: PlanDeps): Promise<Plan> {
  const { front } = runbook;
  const { project, env } = request;
  const estate = deps.config.current();
  const { path } = deps.config.project(project);
  deps.config.environment(project, env);
  const action = actionOf(runbook, request, deps.config);
  within(runbook, 'project', project, front.projects);
  within(runbook, 'env', env, front.environments);
  const inputs = resolveInputs(runbook, request, deps.config);
  // Where a release goes is where roles, grants and approvals are asked for.
  const to = action === 'promote' ? inputs['to'] : undefined;
  if (to !== undefined && to !== env)
    throw fail('INPUT_INVALID', {
      name: 'to',
      why: `is ${oneLine(JSON.stringify(to), 80)}, but this runs on ${env}`,
      runbook: front.runbook,
    });
  const look = lookUp(project, env, inputs);
  const calls: Record<string, string> = {};
  const writes: string[] = [];
  const steps: PlanStep[] = [];
  for (const step of stepsOf(runbook, request)) {
    const planEnv = envOf(step, runbook, { project, env, inputs, projectPath: path }, look, deps);
    const planned = await planStep(planEnv, calls, writes);
    deps.whole.add(runbook.source, planned);
    steps.push(planned);
  }
  for (const again of askedAgain(steps)) {
    const called = calls[again.repeats];
    if (called !== undefined) calls[again.name] = called;
    deps.whole.add(runbook.source, again);
    steps.push(again);
  }
  const plan: Plan = {
    v: 1,
    action,
    runbook: front.runbook,
    runbook_digest: runbook.digest,
    source: runbook.source,
    title: oneLine(
      `${fillAll(front.title, look, asIs)}${request.part === undefined ? '' : ' (rollback)'}`,
      160,
    ),
    project,
    env,
    inputs,
    targets: { ...request.targets, ...(request.part === undefined ? {} : { part: request.part }) },
    environment_names: steps.some(({ kind }) => kind === 'sh') ? environmentNames(inputs, front.secrets) : [],
    config_version: estate.digest,
    timeout_ms: front.timeout,
    retries: front.retries,
    idempotent: front.idempotent,
    lock: front.lock === undefined ? null : lockOf(runbook, look),
    on_conflict: front.on_conflict,
    // Undoing waits for nothing.
    needs: (request.part === undefined ? front.needs : []).map((need) => ({
      runbook: need.runbook,
      status: need.status,
      within_ms: need.within ?? null,
    })),
    steps,
    calls,
    ...outputsOf([...front.outputs, ...writes]),
  };
  const checked = PlanSchema.safeParse(plan);
  if (checked.success) return checked.data;
  const issue = checked.error.issues[0];
  throw fail('RUNBOOK_INVALID', {
    file: runbook.source,
    count: checked.error.issues.length,
    why: `its plan is impossible: ${issue?.path.join('.') ?? ''} ${issue?.message ?? ''}`,
  });
}

/** All steps; of the part `rollback` those that run on failure, which then are what is to be done. */
function stepsOf({ steps, source }: Runbook, { part }: PlanRequest): readonly RunbookStep[] {
  if (part === undefined) return steps;
  const undo = steps.filter(({ on }) => on === 'failure').map((step) => ({ ...step, on: 'normal' as const }));
  if (undo.length > 0) return undo;
  const why = 'it has no Rollback section';
  throw fail('RUNBOOK_INVALID', { file: source, count: 1, why }, { at: `${source}:1` });
}

/** Its own action, or one that the estate gives to this runbook: a caller cannot make a deployment a mere run. */
function actionOf({ front }: Runbook, request: PlanRequest, config: Config): string {
  const { action = front.action, project } = request;
  const { runbooks } = config.project(project);
  const given = Object.hasOwn(runbooks, action) && runbooks[action] === front.runbook;
  if (action === front.action || given) return action;
  throw fail('ARGUMENTS_INVALID', {
    command: 'run',
    why: `${front.runbook} does ${front.action}, not ${oneLine(action, 64)}`,
  });
}

function within(
  { front }: Runbook,
  name: string,
  value: string,
  allowed: readonly string[] | undefined,
): void {
  if (allowed === undefined || allowed.length === 0 || allowed.includes(value)) return;
  const why = `is ${value}, and this runbook is for ${allowed.join(', ')} only`;
  throw fail('INPUT_INVALID', { name, why, runbook: front.runbook });
}

type Look = (ref: Ref) => string | undefined;

function lookUp(project: string, env: string, inputs: JsonObject): Look {
  return (ref) => {
    if (ref.of === 'project') return project;
    if (ref.of === 'env') return env;
    if (ref.of !== 'input') return undefined;
    const value = inputs[ref.name];
    // An optional input that was not given is an empty text.
    return value === undefined ? '' : textOf(value);
  };
}

function lockOf(runbook: Runbook, look: Look): string {
  const lock = oneLine(fillAll(runbook.front.lock ?? '', look, asIs), 400);
  if (lock.length <= 200) return lock;
  throw fail('INPUT_INVALID', {
    name: 'lock',
    why: 'is longer than 200 characters once filled in',
    runbook: runbook.front.runbook,
  });
}

const outputsOf = (files: readonly string[]): Pick<Plan, 'outputs'> =>
  files.length === 0 ? {} : { outputs: [...new Set(files)] };

function envOf(
  step: RunbookStep,
  runbook: Runbook,
  scope: Pick<PlanEnv, 'project' | 'env' | 'inputs' | 'projectPath'>,
  look: Look,
  deps: PlanDeps,
): PlanEnv {
  const later = kindNamed(step.kind)?.reads.outputs === true;
  return {
    ...sourceOf(step, runbook, deps.yaml),
    ...scope,
    sync: deps.config.current().config.sync,
    release: deps.config.project(scope.project).release,
    fill: (text, encode = asIs) => (later ? fillSome(text, look, encode) : fillAll(text, look, encode)),
    planCall: (called, project, env, inputs) => deps.call({ runbook: called, project, env, inputs }),
  };
}

async function planStep(env: PlanEnv, calls: Record<string, string>, writes: string[]): Promise<PlanStep> {
  const { step, runbook } = env;
  const kind = kindNamed(step.kind);
  try {
    if (kind === undefined) throw new StepMistake(`there is no step kind ${step.kind}`);
    const planned = await kind.plan(env);
    Object.assign(calls, planned.calls);
    writes.push(...(planned.writes ?? []));
    return {
      name: step.name,
      kind: step.kind,
      on: step.on,
      ...(step.phase === undefined ? {} : { phase: step.phase }),
      line: step.line,
      summary: oneLine(planned.summary, 400),
      timeout_ms: step.timeout_ms,
      spec: planned.spec,
    };
  } catch (error) {
    if (error instanceof UnfitValue)
      throw fail(
        'INPUT_INVALID',
        { name: `of step ${step.name}`, why: error.message, runbook: runbook.front.runbook },
        { cause: error },
      );
    if (!(error instanceof StepMistake)) throw error;
    const at = `${runbook.source}:${step.line + error.line}`;
    const why = `${at}: ${oneLine(error.message, 300)}`;
    throw fail('RUNBOOK_INVALID', { file: runbook.source, count: 1, why }, { cause: error, at, more: [why] });
  }
}
