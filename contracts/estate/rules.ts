import { z } from 'zod';
import { Duration } from '../duration.ts';
import { EnvironmentId, ProjectId, RunbookId } from '../ids.ts';

/** An expression of the Common Expression Language (cel.dev) over `event`, `source` and `name`. */
const Cel = z.string().min(1).max(2000);

/** What starts a runbook when somebody calls in. Each entry is a mandate (`rule:<name>`), like a schedule. */
export const RuleSpec = z.strictObject({
  /** `github.workflow_run.completed`: source, event, and the payload's `action` where it has one. */
  on: z
    .string()
    .max(200)
    .regex(
      /^(?:github|linear|generic\/[a-z][a-z0-9_-]*)\.[A-Za-z][\w/:-]*(?:\.[\w/:-]+)*$/,
      'a source and an event, such as github.push, github.workflow_run.completed or generic/billing.invoice.paid',
    ),
  /** Must hold. Absent: always. */
  if: Cel.optional(),
  runbook: RunbookId,
  project: ProjectId,
  env: EnvironmentId,
  /** A value, or `{from: …}`: an expression that yields text, a whole number or true/false. The payload is data, never code. */
  inputs: z
    .record(z.string(), z.union([z.string(), z.int(), z.boolean(), z.strictObject({ from: Cel })]))
    .default({}),
  /** More than `max` in `within`, and it is stopped until a person looks: whatever drives it, it goes round in circles. */
  max: z.int().min(1).max(1000).default(20),
  within: Duration.default(3_600_000),
});
export type RuleSpec = z.infer<typeof RuleSpec>;
