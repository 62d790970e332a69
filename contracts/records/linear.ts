import { z } from 'zod';
import { DeliveryId, IncidentId, JobId } from '../ids.ts';

/** Ids of Linear: UUIDs. Those of what we create are derived, so that it cannot be created twice. */
const Uuid = z.string().regex(/^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/, 'a UUID');
const Why = z.string().max(500);

/** Where an issue can be: in sight, in the archive, in the trash, or nowhere any more. */
const LINEAR_PLACES = ['there', 'archived', 'trashed', 'deleted'] as const;
export type LinearPlace = (typeof LINEAR_PLACES)[number];
/** What of an issue is changed by itself. */
const LINEAR_CHANGES = ['assignee', 'state', 'place'] as const;
export type LinearChange = (typeof LINEAR_CHANGES)[number];

/** Something to be done in Linear. */
const LinearWork = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('issue'),
    purpose: z.enum(['incident', 'action', 'capture', 'todo']),
    title: z.string().min(1).max(250),
    body: z.string().max(12_000),
    /** Linear's own: 0 none, 1 urgent, 2 high, 3 medium, 4 low. */
    priority: z.int().min(0).max(4),
    labels: z.array(z.string().max(80)).max(10),
    /** User of Linear. */
    assignee: z.string().max(64).optional(),
    /** Key of its team; absent: that of integrations.linear. */
    team: z.string().max(10).optional(),
  }),
  z.strictObject({ kind: z.literal('comment'), comment: Uuid, body: z.string().max(8000) }),
  z.strictObject({ kind: z.literal('assign'), assignee: z.string().max(64) }),
  z.strictObject({ kind: z.literal('state'), to: z.enum(['completed', 'open']) }),
  /** Other words, unless somebody has changed those that we wrote. */
  z.strictObject({
    kind: z.literal('revise'),
    title: z.string().min(1).max(250),
    body: z.string().max(12_000),
  }),
]);
export type LinearWork = z.infer<typeof LinearWork>;

/** A TODO as it stood in a file when its issue was last told of it. */
const Todo = z.strictObject({
  owner: z.string().max(64),
  team: z.string().max(64),
  text: z.string().max(500),
  /** Below the estate. */
  file: z.string().max(1000),
  line: z.int().min(1),
  /** It is in no file any more. */
  gone: z.literal(true).optional(),
});
export type LinearTodo = z.infer<typeof Todo>;

export const linearRecords = {
  /** From this record of the ledger on, what happens here is told to Linear; everything before it was looked at. */
  'linear.looked': z.strictObject({ upto: z.int().min(0) }),
  /** Durable before the first try to send it. */
  'linear.queued': z.strictObject({
    op: Uuid,
    /** Record that asked for it; absent: a person did. */
    of: z.int().min(0).optional(),
    issue: Uuid,
    incident: IncidentId.optional(),
    /** The issue is that of this TODO. */
    todo: Todo.optional(),
    work: LinearWork,
  }),
  /** `conflict`: somebody changed it in Linear, and it was left as it is there. `gone`: the issue is no more. */
  'linear.done': z.strictObject({
    op: Uuid,
    outcome: z.enum(['done', 'conflict', 'gone']),
    /** `OPS-12` and where people see it, once it is created. */
    identifier: z.string().max(40).optional(),
    url: z.string().max(500).optional(),
    /** Digest of title and description as they stand there, where we wrote them. */
    as: z
      .string()
      .regex(/^[0-9a-f]{64}$/)
      .optional(),
    why: Why.optional(),
  }),
  /** What a delivery that concerns us came to, or what a sync job found. */
  'linear.heard': z.strictObject({
    delivery: DeliveryId.optional(),
    of: z.int().min(0).optional(),
    /** The sync job. */
    job: JobId.optional(),
    /** What it looked at, and as of when: the same is not told twice. */
    seen: z.string().max(120).optional(),
    /** Whether the issue is closed in Linear now, as far as this tells. */
    closed: z.boolean().optional(),
    issue: Uuid,
    identifier: z.string().max(40).optional(),
    url: z.string().max(500).optional(),
    incident: IncidentId.optional(),
    /** Where the issue is now, where this tells of it. */
    place: z.enum(LINEAR_PLACES).optional(),
    did: z.enum(['opened', 'acknowledged', 'noted', 'resolved', 'moved', 'conflict', 'refused']),
    why: Why,
  }),
  /** As of when (ms, by Linear) this is known of an issue: what was changed before that and is heard later counts no more. */
  'linear.known': z.strictObject({
    issue: Uuid,
    incident: IncidentId,
    of: z.enum(LINEAR_CHANGES),
    at: z.int().min(0),
  }),
} as const;
