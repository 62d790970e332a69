import { z } from 'zod';
import { Duration } from './duration.ts';
import { EnvironmentId, ProjectId, RunbookId, Slug } from './ids.ts';

export const InputType = z.enum([
  'string',
  'integer',
  'boolean',
  'project',
  'environment',
  'enum',
  'duration',
  'job',
  'digest',
]);

/** Declaration of one input of a runbook. */
export const InputSpec = z.strictObject({
  type: InputType.default('string'),
  description: z.string().max(300).optional(),
  default: z.union([z.string(), z.int(), z.boolean()]).optional(),
  optional: z.boolean().default(false),
  /** RE2-like pattern a string must match as a whole. */
  pattern: z.string().max(300).optional(),
  values: z.array(z.string().max(200)).max(100).optional(),
  min: z.int().optional(),
  max: z.int().optional(),
  max_length: z.int().min(1).max(10_000).optional(),
});
export type InputSpec = z.infer<typeof InputSpec>;

export const Need = z.strictObject({
  runbook: RunbookId,
  status: z.literal('PASS').default('PASS'),
  within: Duration.optional(),
});

/** The action under which a step's question is approved. No runbook has it, so the answer can start nothing. */
export const STEP_APPROVAL = 'approve_step';

/** YAML front matter of a runbook (DESIGN §5). Durations arrive as text and leave as milliseconds. */
export const RunbookFrontMatter = z.strictObject({
  runbook: RunbookId,
  title: z.string().min(1).max(200),
  description: z.string().max(1000).optional(),
  action: Slug.refine(
    (action) => action !== STEP_APPROVAL,
    'this word is kept for questions of steps',
  ).default('run'),
  /** Limits the runbook to these; empty or absent: every project / environment of the estate. */
  projects: z.array(ProjectId).max(100).optional(),
  environments: z.array(EnvironmentId).max(100).optional(),
  inputs: z
    .record(z.string().regex(/^[a-z][a-z0-9_]{0,40}$/, 'input names are lower-case with _'), InputSpec)
    .default({}),
  timeout: Duration.default(15 * 60_000),
  retries: z.int().min(0).max(10).default(0),
  retry_delay: Duration.default(5_000),
  /** Safe to run again after an UNKNOWN outcome. */
  idempotent: z.boolean().default(false),
  lock: z.string().min(1).max(200).optional(),
  on_conflict: z.enum(['queue', 'refuse']).default('queue'),
  needs: z.array(Need).max(20).default([]),
  objectives: z.strictObject({ rpo: Duration.optional(), rto: Duration.optional() }).optional(),
  /** Offer it as a command of its own in every front end. */
  command: z.boolean().default(false),
  destructive: z.boolean().optional(),
  /** Names of secrets that steps see as variables of the same name in upper case. */
  secrets: z.array(Slug).max(50).default([]),
  /** Paths (relative to the estate) that steps may write; checked against the zones. */
  outputs: z.array(z.string().max(300)).max(50).default([]),
});
export type RunbookFrontMatter = z.infer<typeof RunbookFrontMatter>;

/** What a game day does: ask whether all is well, disturb it, put it back. */
export const GameDayPhase = z.enum(['steady', 'method', 'rollback']);
export type GameDayPhase = z.infer<typeof GameDayPhase>;

/** One fenced block as loaded: attributes not yet resolved. */
export interface RunbookStep {
  name: string;
  kind: string;
  /** 1-based line of the opening fence. */
  line: number;
  /** Heading it stands under. */
  heading: string;
  on: 'normal' | 'failure' | 'always';
  /** Its part in a game day; absent in any other runbook, and for what always runs. */
  phase?: GameDayPhase;
  timeout_ms: number;
  attributes: Record<string, string>;
  /** The block's text, exactly. */
  text: string;
}

export interface Runbook {
  front: RunbookFrontMatter;
  /** Path relative to the estate, e.g. `runbooks/deploy.md`. */
  source: string;
  /** `sha256:` of the file's bytes. */
  digest: string;
  steps: RunbookStep[];
  /** Prose by heading, for plans. */
  prose: { heading: string; text: string; line: number }[];
  /** The file's text, for citations. */
  text: string;
}
