import type { Bench } from './types.ts';

/** Name → the suite, loaded when it is asked for. A new suite is a file and a line here. */
export const suites: Record<string, () => Promise<{ benches: Bench[] }>> = {
  ledger: () => import('./ledger.ts'),
  grants: () => import('./grants.ts'),
  api: () => import('./api.ts'),
  cli: () => import('./cli.ts'),
  chat: () => import('./chat.ts'),
  probes: () => import('./probes.ts'),
  samples: () => import('./samples.ts'),
  schedule: () => import('./schedule.ts'),
  webhooks: () => import('./webhooks.ts'),
  sync: () => import('./sync.ts'),
};
