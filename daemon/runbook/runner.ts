import { ReeveError, fail } from '../../contracts/errors.ts';
import type { PlanStep } from '../../contracts/plan.ts';
import type { Clock } from '../ports/clock.ts';
import type { Config } from '../ports/config.ts';
import type { StepContext, StepResult, StepRunner } from '../ports/steps.ts';
import { textOf } from './environment.ts';
import { kindNamed } from './steps/index.ts';
import type { RunContext } from './steps/kind.ts';
import { secretIn } from './steps/sh.ts';
import { asIs, fillAll, parseTemplate, type Ref } from './template.ts';

export interface StepRunnerOptions {
  clock: Clock;
  config: Config;
}

/**
 * Runs planned steps, each for at most its `timeout_ms`. It never throws: a failure is a result with the error's code,
 * TIMED_OUT when the time was up, CANCELLED when the context's signal ended it. What runs stands in `step.spec` alone.
 */
export function createStepRunner({ clock, config }: StepRunnerOptions): StepRunner {
  return {
    async run(step, context) {
      const limit = new AbortController();
      const job = context.spec.job_id;
      const disarm = clock.after(step.timeout_ms, () =>
        limit.abort(fail('STEP_TIMED_OUT', { step: step.name, timeout: durationText(step.timeout_ms), job })),
      );
      const signal = AbortSignal.any([context.signal, limit.signal]);
      const run: RunContext = {
        ...context,
        signal,
        clock,
        maxOutput: config.current().config.limits.output_bytes,
        look: (ref) => lookUp(ref, context),
        fill: async (text, encode = asIs) => {
          const secrets = await secretsFor(text, context);
          return fillAll(
            text,
            (ref) => (ref.of === 'secret' ? secrets(ref.name) : lookUp(ref, context)),
            encode,
          );
        },
      };
      try {
        signal.throwIfAborted();
        const kind = kindNamed(step.kind);
        if (kind === undefined)
          throw fail('STEP_FAILED', { step: step.name, why: `there is no step kind ${step.kind}`, job });
        const result = await kind.run(step, run);
        return result.status !== 'PASS' && signal.aborted
          ? { ...result, ...stopped(signal, context) }
          : result;
      } catch (error) {
        if (signal.aborted) return stopped(signal, context);
        return failed(error, step, job);
      } finally {
        disarm();
      }
    },
  };
}

/** Whoever stopped it first has said why. */
function stopped(
  signal: AbortSignal,
  context: StepContext,
): Pick<StepResult, 'status' | 'error_code' | 'why'> {
  const reason: unknown = signal.reason;
  const error = reason instanceof ReeveError ? reason : undefined;
  const timedOut = !context.signal.aborted || error?.code === 'STEP_TIMED_OUT';
  return {
    status: timedOut ? 'TIMED_OUT' : 'CANCELLED',
    error_code: error?.code ?? 'JOB_CANCELLED',
    why: error?.message ?? (reason instanceof Error ? reason.message : String(reason)),
  };
}

function failed(error: unknown, step: PlanStep, job: string): StepResult {
  const known =
    error instanceof ReeveError
      ? error
      : fail('STEP_FAILED', {
          step: step.name,
          why: error instanceof Error ? error.message : String(error),
          job,
        });
  return { status: 'FAIL', error_code: known.code, why: known.message };
}

function lookUp(ref: Ref, { plan, outputs }: StepContext): string | undefined {
  switch (ref.of) {
    case 'project':
      return plan.project;
    case 'env':
      return plan.env;
    case 'input': {
      const value = Object.hasOwn(plan.inputs, ref.name) ? plan.inputs[ref.name] : undefined;
      return value === undefined ? '' : textOf(value);
    }
    case 'output': {
      const step = Object.hasOwn(outputs, ref.step) ? outputs[ref.step] : undefined;
      return step !== undefined && Object.hasOwn(step, ref.name) ? step[ref.name] : undefined;
    }
    case 'secret':
      return undefined;
  }
}

async function secretsFor(text: string, context: StepContext): Promise<(name: string) => string | undefined> {
  const names = parseTemplate(text).parts.flatMap(({ ref }) => (ref?.of === 'secret' ? [ref.name] : []));
  const values = names.length === 0 ? {} : await context.services.secrets([...new Set(names)]);
  return (name) => secretIn(values, name);
}

function durationText(ms: number): string {
  const units = [
    [86_400_000, 'd'],
    [3_600_000, 'h'],
    [60_000, 'm'],
    [1000, 's'],
  ] as const;
  for (const [size, unit] of units) if (ms % size === 0) return `${ms / size}${unit}`;
  return `${ms}ms`;
}
