import { z } from 'zod';

/*
 * What we go by of Linear's deliveries. test/linear/payload.test.ts holds each field against the types of @linear/sdk, so that
 * an upgrade which changes one does not compile. Everything else may be there, or not.
 */
const Actor = z.looseObject({ id: z.string().max(64), type: z.string().max(40).optional() }).nullish();
const Uuid = z.string().regex(/^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/);

export const IssueEvent = z.looseObject({
  type: z.literal('Issue'),
  /** `create`, `update`, `remove` (archived, in the trash or deleted), `restore`; whatever comes is no reason to stop. */
  action: z.string().max(40),
  actor: Actor,
  url: z.string().max(500).nullish(),
  /** When it was done. */
  createdAt: z.string().max(40).nullish(),
  data: z.looseObject({
    id: Uuid,
    identifier: z.string().max(40),
    title: z.string().default(''),
    description: z.string().nullish(),
    priority: z.number().default(0),
    assigneeId: z.string().max(64).nullish(),
    state: z.looseObject({ name: z.string().max(200), type: z.string().max(40) }),
    labels: z.array(z.looseObject({ id: z.string(), name: z.string() })).default([]),
    /** As of when it is as it says. */
    updatedAt: z.string().max(40).nullish(),
    archivedAt: z.string().max(40).nullish(),
    /** In the trash; such an issue counts as archived, too. */
    trashed: z.boolean().nullish(),
  }),
  updatedFrom: z
    .looseObject({
      assigneeId: z.string().nullish(),
      stateId: z.string().nullish(),
      completedAt: z.string().nullish(),
      canceledAt: z.string().nullish(),
      labelIds: z.array(z.string()).nullish(),
      archivedAt: z.string().nullish(),
      trashed: z.boolean().nullish(),
    })
    .nullish(),
});
export type IssueEvent = z.infer<typeof IssueEvent>;

export const CommentEvent = z.looseObject({
  type: z.literal('Comment'),
  action: z.string().max(40),
  actor: Actor,
  data: z.looseObject({
    id: Uuid,
    body: z.string(),
    issueId: Uuid.nullish(),
    userId: z.string().max(64).nullish(),
  }),
});
export type CommentEvent = z.infer<typeof CommentEvent>;
