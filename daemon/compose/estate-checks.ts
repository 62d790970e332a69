import type { EstateCheck } from '../ports/estate-check.ts';

/**
 * What features know of their own parts of reeve.yaml beyond its schema. Each loads its code only when its part is there:
 * most estates have few of them, and the start is to stay short.
 */
export const estateChecks: readonly EstateCheck[] = [
  async (config, tell) => {
    const { probes, maintenance, watch } = config;
    if ([probes, maintenance, watch.uplink].every((part) => Object.keys(part).length === 0)) return;
    const { checkProbes } = await import('../probes/check.ts');
    await checkProbes(config, tell);
  },
];
