import { z } from 'zod';
import { ArtifactRef } from '../artifact.ts';
import { DeliveryId, PersonId } from '../ids.ts';

/** `github`, `linear`, or `generic/<name>`. */
export const WebhookSource = z
  .string()
  .max(80)
  .regex(/^(?:github|linear|generic\/[a-z][a-z0-9_-]*)$/, 'a source of webhooks');
export type WebhookSource = z.infer<typeof WebhookSource>;

export const webhookRecords = {
  /** A delivery with a right signature that was not here before; its body is durable. Written before the sender is answered. */
  'webhook.received': z.strictObject({
    delivery: DeliveryId,
    source: WebhookSource,
    /** As the sender calls it. */
    id: z.string().min(1).max(200),
    /** `push`, `Issue`, or the type a generic sender gives: what rules go by. */
    event: z.string().max(120),
    payload: ArtifactRef,
    /** Where the body stands: number of the pack in `<home>/webhooks`, and the offset in it. */
    at: z.strictObject({ pack: z.int().min(0), offset: z.int().min(0) }),
    /** Time of the signature by the sender's clock, ms, where it signs one. */
    sent: z.int().min(0).optional(),
  }),
  /** A person has it handled once more. What it already started is not started again. */
  'webhook.redelivered': z.strictObject({
    delivery: DeliveryId,
    source: WebhookSource,
    event: z.string().max(120),
    by: PersonId,
  }),
} as const;
