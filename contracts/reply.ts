import { z } from 'zod';
import { ArtifactRef } from './artifact.ts';
import { ErrorResponse } from './errors.ts';
import { Json } from './json.ts';
import { JobStatus } from './job.ts';

export const Tone = z.enum(['good', 'bad', 'warn', 'info']);
export type Tone = z.infer<typeof Tone>;

/** A value a front end formats in the reader's own way. */
export const Cell = z.union([
  z.string(),
  z.number(),
  z.boolean(),
  z.null(),
  /** Milliseconds since the epoch: shown in the reader's zone with relative words. */
  z.object({ time: z.int() }),
  /** Milliseconds: shown as 1m 20s. */
  z.object({ duration: z.number() }),
  /** Bytes: shown as 1.2 MiB. */
  z.object({ bytes: z.number() }),
  z.object({ status: JobStatus }),
  z.object({ tone: Tone, text: z.string() }),
  /** Shown shortened (digests, ids); the whole in --wide and in the JSON. */
  z.object({ id: z.string() }),
]);
export type Cell = z.infer<typeof Cell>;

export const StepView = z.object({
  name: z.string(),
  kind: z.string(),
  on: z.enum(['normal', 'failure', 'always']),
  summary: z.string(),
  status: z.union([JobStatus, z.literal('PENDING')]),
  ms: z.number().optional(),
  why: z.string().optional(),
});
export type StepView = z.infer<typeof StepView>;

/** Platform-neutral building blocks. A front end renders what it can and never loses text. */
export const Block = z.discriminatedUnion('type', [
  z.object({ type: z.literal('text'), text: z.string() }),
  z.object({ type: z.literal('fields'), fields: z.array(z.object({ label: z.string(), value: Cell })) }),
  z.object({
    type: z.literal('table'),
    columns: z.array(z.object({ label: z.string(), align: z.enum(['left', 'right']).optional() })),
    rows: z.array(z.array(Cell)),
    empty: z.string(),
  }),
  z.object({ type: z.literal('code'), language: z.string(), text: z.string() }),
  z.object({ type: z.literal('steps'), steps: z.array(StepView) }),
  z.object({ type: z.literal('progress'), label: z.string(), done: z.number(), total: z.number() }),
  z.object({
    type: z.literal('buttons'),
    buttons: z.array(z.object({ label: z.string(), command: z.string(), tone: Tone })),
  }),
  z.object({
    type: z.literal('choices'),
    label: z.string(),
    choices: z.array(z.object({ label: z.string(), value: z.string() })),
  }),
  z.object({
    type: z.literal('file'),
    name: z.string(),
    mediaType: z.string(),
    artifact: ArtifactRef.optional(),
    text: z.string().optional(),
  }),
  z.object({ type: z.literal('hint'), text: z.string() }),
  /** An address that the daemon made of what the estate says, never of foreign text. */
  z.object({ type: z.literal('link'), label: z.string(), url: z.url() }),
]);
export type Block = z.infer<typeof Block>;

/** The answer to a command, for every front end. */
export const Reply = z.object({
  v: z.literal(1),
  command: z.string(),
  ok: z.boolean(),
  tone: Tone,
  title: z.string(),
  blocks: z.array(Block),
  /** Stable, documented data for machines: what `--json` prints. */
  data: Json,
  /** A job to follow on /v1/events. */
  job: z.object({ id: z.string(), follow: z.boolean() }).optional(),
  /** The command shows a plan and waits: send it again with `confirm: digest`. */
  confirm: z
    .object({
      digest: z.string(),
      question: z.string(),
      /** Text that must be typed to confirm, if any. */
      typed: z.string().optional(),
      destructive: z.boolean(),
    })
    .optional(),
  error: ErrorResponse.optional(),
});
export type Reply = z.infer<typeof Reply>;
