import { z } from 'zod';
import type { ReleaseRequest } from '../../ports/steps.ts';
import type { RunContext } from './kind.ts';

/** What every step of a release is told. */
export const releaseAttributes = {
  version: z.string().regex(/^\d+\.\d+\.\d+(-[0-9A-Za-z.-]{1,60})?$/, 'a SemVer version without the v'),
  base: z.string().regex(/^[0-9a-f]{40,64}$/, 'a whole commit id'),
  dry_run: z.enum(['true', 'false']).default('false'),
};

export const releaseSpec = { version: z.string(), base: z.string(), dry_run: z.boolean() };

export const requestOf = (
  { version, base, dry_run }: { version: string; base: string; dry_run: boolean },
  context: RunContext,
): ReleaseRequest => ({
  version,
  base,
  dryRun: dry_run,
  job: context.spec,
  signal: context.signal,
  log: (line) => context.log('reeve', line),
});
