import { z } from 'zod';
import { JsonObject } from '../../../contracts/json.ts';
import { driverAttributes, driverPlan } from './driver.ts';
import { mistakes } from './http.ts';
import { defineKind, specObject } from './kind.ts';
import { fillObject, optionsOf } from './options.ts';

/** Restores into a scratch place and verifies it there. */
export const restore = defineKind({
  kind: 'restore',
  summary: 'Restores into a scratch place with a driver and verifies it there; options as for backup.',
  body: 'optional',
  templated: true,
  reads: { outputs: true, secrets: false },
  attributes: driverAttributes,
  options: true,
  spec: specObject({ driver: z.string(), options: JsonObject }),
  check: (source) => mistakes(() => void optionsOf(source)),
  plan: (attributes, env) => driverPlan('restores', attributes, env),
  async run({ driver, options }, context) {
    const { scratch, signal } = context;
    const filled = await fillObject(options, context.fill);
    const result = await context.services.restore(driver, filled, {
      scratch,
      job_id: context.spec.job_id,
      signal,
    });
    return { status: 'PASS', outputs: result.outputs, artifacts: result.artifacts, data: result.phases };
  },
});
