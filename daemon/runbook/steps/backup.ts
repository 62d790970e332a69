import { driverAttributes, driverContext, driverPlan, driverSpec } from './driver.ts';
import { mistakes } from './http.ts';
import { defineKind } from './kind.ts';
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
  spec: driverSpec,
  check: (source) => mistakes(() => void optionsOf(source)),
  plan: (attributes, env) => driverPlan('backs up', attributes, env),
  async run({ driver, options, secrets = [] }, context) {
    const filled = await fillObject(options, context.fill);
    const result = await context.services.backup(driver, filled, driverContext(context, secrets));
    return { status: 'PASS', outputs: result.outputs, artifacts: result.artifacts };
  },
});
