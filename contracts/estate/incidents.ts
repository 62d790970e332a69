import { z } from 'zod';
import { Duration } from '../duration.ts';
import { EnvironmentId, ProjectId, RunbookId } from '../ids.ts';
import { AlertMatch } from './alerts.ts';

/** Which runbook heals what. Each entry is a mandate (`heal:<name>`), like a schedule. */
export const HealSpec = z.strictObject({
  /** Incidents it answers; the first entry that matches is tried. */
  on: AlertMatch,
  runbook: RunbookId,
  project: ProjectId,
  env: EnvironmentId,
  inputs: z.record(z.string(), z.union([z.string(), z.int(), z.boolean()])).default({}),
  /** Time for the trouble to go away by itself. */
  wait: Duration.optional(),
  /** The restart budget: at most `max` in `within`; then the breaker is open and a person is called. */
  max: z.int().min(1).max(100).default(3),
  within: Duration.default(3_600_000),
  /** The incident's probe must be up again within this time, or the heal failed and is rolled back. */
  verify_within: Duration.default(120_000),
  /** Run when the verification fails; absent: the runbook's own Rollback. */
  rollback: RunbookId.optional(),
});
export type HealSpec = z.infer<typeof HealSpec>;

export const IncidentsSpec = z.strictObject({
  /** Folder of the postmortem drafts, below the project's path. */
  postmortems: z.string().max(300).default('.reeve/postmortems'),
});
export type IncidentsSpec = z.infer<typeof IncidentsSpec>;
