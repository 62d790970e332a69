import { driverAttributes, driverContext, driverPlan, driverSpec } from './driver.ts';
import { mistakes } from './http.ts';
import { defineKind } from './kind.ts';
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
  spec: driverSpec,
  check: (source) => mistakes(() => void optionsOf(source)),
  plan: (attributes, env) => driverPlan('restores', attributes, env),
  async run({ driver, options, secrets = [] }, context) {
    const filled = await fillObject(options, context.fill);
    const result = await context.services.restore(driver, filled, driverContext(context, secrets));
    return { status: 'PASS', outputs: result.outputs, artifacts: result.artifacts, data: result.phases };
  },
});
