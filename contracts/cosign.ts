import { z } from 'zod';
import { Digest, KeyId, PersonId, RequestId } from './ids.ts';
import { Plan } from './plan.ts';

/*
 * What an approver signs with a key of their own, on their own machine (DESIGN §4). Both forms are
 * `<prefix>.<base64url(payload)>.<base64url(signature)>`: the payload is RFC 8785 JSON, and the Ed25519 signature covers
 * the domain (daemon/cosign.ts) and those bytes. What identifies the person is the key, not the connection.
 */

const Time = z.int().min(0).max(8_640_000_000_000_000);
/** 16 random bytes. */
const Nonce = z.string().regex(/^[0-9a-f]{32}$/, '32 hex digits');

/** How long a signed statement counts, ms. It is sent right after it is made. */
export const COSIGN_LIFETIME_MS = 2 * 60_000;

/** A decision about one request over one exact plan. */
export const CoSignature = z.strictObject({
  v: z.literal(1),
  /** The daemon it is for: its ledger origin. */
  aud: z.string().min(1).max(200),
  request: RequestId,
  /** Digest of the plan that was shown, made anew on the approver's machine. */
  plan: Digest,
  by: PersonId,
  kid: KeyId,
  decision: z.enum(['approve', 'deny']),
  reason: z.string().max(1000),
  iat: Time,
  exp: Time,
  nonce: Nonce,
});
export type CoSignature = z.infer<typeof CoSignature>;

/** Asks to see a request: the holder of an enrolled key may, as that person. */
export const CoSignLook = z.strictObject({
  v: z.literal(1),
  request: RequestId,
  kid: KeyId,
  iat: Time,
  exp: Time,
  nonce: Nonce,
});
export type CoSignLook = z.infer<typeof CoSignLook>;

/** `reevecosign1.…` as it stands in the ledger; a reason of 1,000 characters fits. */
export const CoSignToken = z
  .string()
  .max(8000)
  .regex(/^reevecosign1\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]{86}$/, 'a co-signature');

/** POST /v1/cosign/look and /v1/cosign/decide. */
export const CoSignBody = z.strictObject({ token: z.string().min(1).max(8000) });

/** What an approver needs to decide: everything shown is made of `plan` on the approver's machine. */
export const CoSignView = z.object({
  aud: z.string(),
  person: PersonId,
  request: RequestId,
  state: z.string(),
  asked_by: PersonId,
  cap: z.string(),
  project: z.string(),
  env: z.string(),
  reason: z.string(),
  needs: z.int(),
  approved_by: z.array(z.string()),
  expires: Time,
  lifetime_ms: z.int(),
  uses: z.int(),
  keep: z.boolean(),
  plan: Plan,
});
export type CoSignView = z.infer<typeof CoSignView>;
