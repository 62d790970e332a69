import { z } from 'zod';
import type { Json } from '../../../contracts/json.ts';
import { Slug } from '../../../contracts/ids.ts';
import { fail } from '../../../contracts/errors.ts';
import { JsonObject } from '../../../contracts/json.ts';
import type { BackupContext } from '../../ports/steps.ts';
import { StepMistake, specObject, type PlanEnv, type Planned, type RunContext } from './kind.ts';
import { fillObject, optionsOf } from './options.ts';
import { secretIn } from './sh.ts';

export const driverAttributes = z.object({ driver: Slug });

export const driverSpec = specObject({
  driver: z.string(),
  options: JsonObject,
  /** What the runbook declares: the only secrets that the driver can ask for. */
  secrets: z.array(z.string()).optional(),
});

/** What the driver gets of the step's context. */
export function driverContext(context: RunContext, secrets: readonly string[]): BackupContext {
  const { scratch, signal, root, attempt_id, services } = context;
  return {
    scratch,
    signal,
    root,
    attempt_id,
    job_id: context.spec.job_id,
    async secret(name) {
      if (!secrets.includes(name)) throw fail('SECRET_UNDECLARED', { name });
      const value = secretIn(await services.secrets([name]), name);
      if (value === undefined) throw fail('SECRET_NOT_FOUND', { name });
      return value;
    },
    log: (text) => context.log('stderr', text),
  };
}

/** The plan of a step that a driver does: its options are further attributes and the step's text. */
export async function driverPlan(
  verb: string,
  attributes: { driver: string } & Record<string, unknown>,
  env: PlanEnv,
): Promise<Planned> {
  const { driver, ...given } = attributes;
  const { secrets } = env.runbook.front;
  const options: Record<string, Json> = await fillObject(optionsOf(env), env.fill);
  for (const [name, value] of Object.entries(given)) {
    if (Object.hasOwn(options, name)) throw new StepMistake(`the option ${name} is given twice`);
    if (typeof value === 'string') options[name] = value;
  }
  const shown = Object.entries(options).map(([name, value]) => `${name}=${JSON.stringify(value)}`);
  return {
    summary: [`${verb} with ${driver}`, ...shown].join(' '),
    spec: { driver, options, ...(secrets.length === 0 ? {} : { secrets: [...secrets] }) },
  };
}
