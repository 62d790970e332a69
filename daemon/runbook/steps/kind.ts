import { z } from 'zod';
import { fail } from '../../../contracts/errors.ts';
import type { ReleaseSpec } from '../../../contracts/estate/release.ts';
import type { SyncSpec } from '../../../contracts/estate/sync.ts';
import type { Json, JsonObject } from '../../../contracts/json.ts';
import type { Plan, PlanStep } from '../../../contracts/plan.ts';
import { Duration } from '../../../contracts/duration.ts';
import type { Runbook, RunbookStep } from '../../../contracts/runbook.ts';
import type { Clock } from '../../ports/clock.ts';
import type { StepContext, StepResult } from '../../ports/steps.ts';
import { suggest } from '../../suggest.ts';
import type { Encode, Ref } from '../template.ts';

/** A mistake in a step as written. `line`: 0 is the fence, 1 the first line of its text. */
export interface StepProblem {
  line: number;
  message: string;
}

/** What checking and planning may use. Nothing here executes, writes or connects. */
export interface StepSource {
  step: RunbookStep;
  runbook: Runbook;
  /** The step's text as YAML. @throws {StepMistake} */
  yaml(): Json;
}

/** Thrown while a step is read or planned. */
export class StepMistake extends Error {
  readonly line: number;
  constructor(message: string, line = 0) {
    super(message);
    this.line = line;
  }
}

export interface PlanEnv extends StepSource {
  project: string;
  env: string;
  inputs: JsonObject;
  /** Path of the project's folder, relative to the estate. */
  projectPath: string;
  /** What is to be kept in step, by reeve.yaml. */
  sync: SyncSpec;
  /** What a release of the project changes, and where it goes, by reeve.yaml. */
  release: ReleaseSpec;
  /**
   * Puts project, env and inputs into a template. For kinds that read outputs the result is still a template, with what
   * is only known when it runs left as written.
   */
  fill(text: string, encode?: Encode): string;
  /** Plans a called runbook. Rejects as `Runbooks.plan`. */
  planCall(runbook: string, project: string, env: string, inputs: JsonObject): Promise<Plan>;
}

export interface Planned {
  /** One line for people. */
  summary: string;
  spec: JsonObject;
  /** Digests of plans that are part of this one. */
  calls?: Record<string, string>;
  /** Files that it will write, below the estate: looked at before anything runs, as are the runbook's own `outputs`. */
  writes?: readonly string[];
}

export interface RunContext extends StepContext {
  clock: Clock;
  /** Bytes a step may print. */
  maxOutput: number;
  /** Puts in what the plan left open: outputs of earlier steps, and secrets where the kind may read them. */
  fill(text: string, encode?: Encode): Promise<string>;
  /** A value by reference, for expressions. */
  look(ref: Ref): string | undefined;
}

/** One kind of step: what it takes, what it would do, and how it is done. */
export interface StepKind {
  kind: string;
  /** Fence languages that name this kind, beside its own name. */
  languages: readonly string[];
  summary: string;
  body: 'required' | 'optional' | 'none';
  /** Whether the step's text is a template (an attribute always is). */
  templated: boolean;
  /** What may stand in a template to be read when the step runs. */
  reads: { outputs: boolean; secrets: boolean };
  /** Names of its own attributes; undefined: any. */
  attributes: readonly string[] | undefined;
  /** Every mistake that shows without inputs. */
  check(source: StepSource): StepProblem[];
  /** Pure. @throws {StepMistake} and ReeveErrors */
  plan(env: PlanEnv): Promise<Planned>;
  /** Takes everything from `step.spec`. May throw: the runner makes a result of it. */
  run(step: PlanStep, context: RunContext): Promise<StepResult>;
}

interface Definition<A extends z.ZodObject, S extends z.ZodType<JsonObject>> {
  kind: string;
  languages?: readonly string[];
  summary: string;
  body: StepKind['body'];
  templated?: boolean;
  reads?: StepKind['reads'];
  /** Attributes as text in, typed out. */
  attributes: A;
  /** Any further attribute is an option of the step. */
  options?: boolean;
  /** What a plan holds: read back with it before it runs. */
  spec: S;
  check?(source: StepSource): StepProblem[];
  plan(attributes: z.output<A>, env: PlanEnv): Planned | Promise<Planned>;
  run(spec: z.output<S>, context: RunContext, step: PlanStep): Promise<StepResult>;
}

/** Attributes that every step has. */
export const COMMON_ATTRIBUTES = ['name', 'kind', 'timeout', 'on', 'phase'] as const;

export function defineKind<A extends z.ZodObject, S extends z.ZodType<JsonObject>>(
  d: Definition<A, S>,
): StepKind {
  const own = Object.keys(d.attributes.shape);
  const schema = d.options === true ? d.attributes.catchall(z.string()) : d.attributes.strict();
  return {
    kind: d.kind,
    languages: d.languages ?? [],
    summary: d.summary,
    body: d.body,
    templated: d.templated ?? false,
    reads: d.reads ?? { outputs: false, secrets: false },
    attributes: d.options === true ? undefined : own,
    check(source) {
      const { attributes } = source.step;
      const result = schema.safeParse(attributes);
      const problems = result.success ? [] : issuesOf(result.error, attributes, own);
      return [...problems, ...(d.check?.(source) ?? [])];
    },
    async plan(env) {
      const filled = Object.entries(env.step.attributes).map(([name, text]) => [name, env.fill(text)]);
      const result = schema.safeParse(Object.fromEntries(filled));
      if (!result.success) {
        const first = issuesOf(result.error, {}, own)[0];
        throw new StepMistake(first?.message ?? 'its attributes are wrong');
      }
      return d.plan(result.data as z.output<A>, env);
    },
    async run(step, context) {
      const spec = d.spec.safeParse(step.spec);
      if (!spec.success)
        throw fail('STEP_FAILED', {
          step: step.name,
          why: `its plan does not fit the kind ${d.kind}: ${z.prettifyError(spec.error)}`,
          job: context.spec.job_id,
        });
      return d.run(spec.data, context, step);
    },
  };
}

function issuesOf(error: z.ZodError, raw: Record<string, string>, own: readonly string[]): StepProblem[] {
  return error.issues.flatMap((issue) => {
    if (issue.code === 'unrecognized_keys')
      return issue.keys.map((key) => ({ line: 0, message: unknownAttribute(key, own) }));
    const name = String(issue.path[0] ?? '');
    // What is filled in later is checked when the plan is made.
    if (raw[name]?.includes('${') === true) return [];
    const missing = issue.code === 'invalid_type' && raw[name] === undefined;
    return [{ line: 0, message: missing ? `the attribute ${name} is missing` : `${name}: ${issue.message}` }];
  });
}

function unknownAttribute(key: string, own: readonly string[]): string {
  const known = [...COMMON_ATTRIBUTES, ...own];
  const near = suggest(key, known);
  return `unknown attribute "${key}"; ${near === undefined ? `known: ${known.join(', ')}` : `did you mean ${near}?`}`;
}

/** An attribute with a duration, as milliseconds. */
export const durationAttribute = Duration;
/** An attribute with a whole number. */
export const integerAttribute = (min: number, max: number) =>
  z
    .string()
    .regex(/^\d{1,9}$/, 'a whole number')
    .transform(Number)
    .refine((n) => n >= min && n <= max, `a whole number from ${min} to ${max}`);

/** Demands a JSON object as the shape of a spec. */
export const specObject = <T extends z.ZodRawShape>(shape: T) => z.strictObject(shape);
