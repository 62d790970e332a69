import { z } from 'zod';
import { Capability, Digest, GrantId, KeyId, PersonId, ProjectId, Slug } from './ids.ts';

/** Longest lifetimes in milliseconds, enforced at signing and again at every verification (DESIGN §4). */
export const MAX_LIFETIME_MS = { std: 24 * 3_600_000, break_glass: 2 * 3_600_000 } as const;
/** Lifetime of the grant a person gets by confirming a plan, ms. */
export const CONFIRMED_LIFETIME_MS = 5 * 60_000;

export const GrantClass = z.enum(['std', 'break_glass']);
export type GrantClass = z.infer<typeof GrantClass>;

const Time = z.int().min(0).max(8_640_000_000_000_000);

/**
 * The signed payload of `reeve1.<base64url(payload)>.<base64url(signature)>`: RFC 8785 JSON, integers and strings only,
 * strict. Times are milliseconds since the epoch.
 */
export const GrantPayload = z.strictObject({
  v: z.literal(1),
  gid: GrantId,
  /** Signing key. */
  kid: KeyId,
  /** Who issued it (person). */
  iss: PersonId,
  /** Who may use it: `person:<id>`, or `mandate:<id>` for unattended work. */
  sub: z.string().regex(/^(person|mandate):[a-z][a-z0-9:_-]{0,120}$/),
  /** The daemon it is for: its ledger origin. */
  aud: z.string().min(1).max(200),
  prj: z.array(ProjectId).min(1).max(64),
  cap: z.array(Capability).min(1).max(128),
  iat: Time,
  nbf: Time,
  exp: Time,
  uses: z.int().min(1).max(1000),
  cls: GrantClass,
  /** Parent grant of a child grant, or null. */
  par: GrantId.nullable(),
  /** When present, the only plan it allows. */
  plan: Digest.optional(),
  rsn: z.string().max(2000),
  /** Who approved (person ids), in order. */
  apr: z.array(PersonId).max(16),
  /** Names of rules a verifier must know, else refuse. */
  crit: z.array(Slug).max(16),
});
export type GrantPayload = z.infer<typeof GrantPayload>;

/** What is shown of a grant. The token is stored nowhere: signing the payload again gives the same one. */
export const GrantView = GrantPayload.extend({
  used: z.int().min(0),
  state: z.enum(['active', 'not_yet', 'expired', 'used_up', 'revoked']),
  revoked: z.object({ at: Time, by: Slug, reason: z.string() }).nullable(),
});
export type GrantView = z.infer<typeof GrantView>;
