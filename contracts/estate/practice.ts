import { z } from 'zod';
import { Duration } from '../duration.ts';
import { EnvironmentId, ProjectId, Slug } from '../ids.ts';

/** A service level objective over the samples of probes. */
export const SloSpec = z.strictObject({
  title: z.string().max(100).optional(),
  project: ProjectId,
  env: EnvironmentId,
  probes: z.array(Slug).min(1).max(50),
  /** Per cent of good samples, e.g. `"99.9"`; text, so that it stays exact. */
  objective: z.string().regex(/^(?:[1-9]?[0-9](?:\.[0-9]{1,4})?)$/, 'per cent below 100, such as "99.9"'),
  window: Duration.default(30 * 86_400_000),
  /** Samples slower than this count as bad. */
  latency: Duration.optional(),
  /** A burn alert needs at least this many bad samples in its long window. */
  min_bad: z.int().min(1).max(100_000).default(5),
});
export type SloSpec = z.infer<typeof SloSpec>;
