import { z } from 'zod';
import type { Json } from '../../../contracts/json.ts';
import { Slug } from '../../../contracts/ids.ts';
import type { PlanEnv, Planned } from './kind.ts';
import { StepMistake } from './kind.ts';
import { fillObject, optionsOf } from './options.ts';

export const driverAttributes = z.object({ driver: Slug });

/** The plan of a step that a driver does: its options are further attributes and the step's text. */
export async function driverPlan(
  verb: string,
  attributes: { driver: string } & Record<string, unknown>,
  env: PlanEnv,
): Promise<Planned> {
  const { driver, ...given } = attributes;
  const options: Record<string, Json> = await fillObject(optionsOf(env), env.fill);
  for (const [name, value] of Object.entries(given)) {
    if (Object.hasOwn(options, name)) throw new StepMistake(`the option ${name} is given twice`);
    if (typeof value === 'string') options[name] = value;
  }
  const shown = Object.entries(options).map(([name, value]) => `${name}=${JSON.stringify(value)}`);
  return {
    summary: [`${verb} with ${driver}`, ...shown].join(' '),
    spec: { driver, options },
  };
}
