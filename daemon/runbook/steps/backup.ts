import { z } from 'zod';
import { JsonObject } from '../../../contracts/json.ts';
import { driverAttributes, driverPlan } from './driver.ts';
import { mistakes } from './http.ts';
import { defineKind, specObject } from './kind.ts';
import { fillObject, optionsOf } from './options.ts';

/** Takes a backup. */
export const backup = defineKind({
  kind: 'backup',
  summary: 'Takes a backup with a driver; options are further attributes or its text as YAML.',
  body: 'optional',
  templated: true,
  reads: { outputs: true, secrets: false },
  attributes: driverAttributes,
  options: true,
  spec: specObject({ driver: z.string(), options: JsonObject }),
  check: (source) => mistakes(() => void optionsOf(source)),
  plan: (attributes, env) => driverPlan('backs up', attributes, env),
  async run({ driver, options }, context) {
    const { scratch, signal } = context;
    const filled = await fillObject(options, context.fill);
    const result = await context.services.backup(driver, filled, {
      scratch,
      job_id: context.spec.job_id,
      signal,
    });
    return { status: 'PASS', outputs: result.outputs, artifacts: result.artifacts };
  },
});
