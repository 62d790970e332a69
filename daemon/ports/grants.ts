import type { GrantClass, GrantPayload, GrantView } from '../../contracts/grant.ts';
import type { RecordBody } from '../../contracts/record.ts';
import type { CoSignature, CoSignLook } from '../../contracts/cosign.ts';

/** Why privileged work on a project stands still. */
export interface Halt {
  /** Milliseconds since the epoch. */
  since: number;
  by: string;
  reason: string;
  /** Whether everything is halted or this project alone. */
  scope: 'all' | 'project';
}

export interface IssueRequest {
  how: 'created' | 'confirmed' | 'mandate';
  /** Who issues it (person id). */
  iss: string;
  /** `person:<id>` or `mandate:<id>`. */
  sub: string;
  prj: readonly string[];
  /** Exact `action:environment` strings. */
  cap: readonly string[];
  lifetime_ms: number;
  uses: number;
  cls?: GrantClass;
  /** The only plan it allows. */
  plan?: string;
  reason: string;
  /** Break-glass only: the people whose approval was skipped. */
  skipped?: readonly string[];
}

export interface IssuedGrant {
  token: string;
  payload: GrantPayload;
  /** Seq of its `grant.issued` record. */
  seq: number;
  /** The review task a break-glass grant opened. */
  review?: string;
}

export interface ChildRequest {
  cap: readonly string[];
  prj: readonly string[];
  /** Absolute, ms; at most the parent's. */
  exp: number;
  uses: number;
  plan?: string;
  /** Digests of the plans that the parent's plan calls (`Plan.calls`): what `plan` may be beside the parent's own. */
  calls?: readonly string[];
  reason: string;
}

export interface UseRequest {
  /** A grant id, or the whole token, which is then verified from its first byte. */
  grant: string;
  /** `person:<id>` or `mandate:<id>`: who uses it, as established by the door. */
  sub: string;
  cap: string;
  project: string;
  /** Digest of the plan that is about to run. */
  plan: string;
  job?: string;
  /** The same job going on after a restart counts once: a use recorded for `job` with the same facts is returned as it is. */
  resume?: boolean;
}

export interface UsedGrant {
  payload: GrantPayload;
  /** Counts from 1. */
  n: number;
  /** Seq of its `grant.used` record. */
  seq: number;
  /** The review task that this break-glass use opened. */
  review?: string;
}

/** How a decision arrived. */
export interface Decided {
  /** The account it came from. */
  account?: string;
  /** The approver's own signature over it. */
  cosign?: string;
}

/** What a grant is held against; whatever is absent is not compared. */
export interface Wanted {
  project: string;
  cap?: string;
  sub?: string;
  plan?: string;
}

export interface RequestView extends Omit<RecordBody<'grant.requested'>, never> {
  at: number;
  state: 'open' | 'approved' | 'granted' | 'denied' | 'expired' | 'lapsed';
  /** `cosign`: the approver's own signature over it (contracts/cosign.ts). */
  approvals: { by: string; at: number; account?: string; cosign?: string }[];
  denied: { by: string; at: number; reason: string; cosign?: string } | null;
  /** When its time was over before its approvals were in. */
  expired: number | null;
  /** Why its job was not started although it was approved. */
  lapsed: { at: number; code: string; why: string } | null;
  /** The grant that came of it. */
  gid: string | null;
}

export interface ReviewView extends Omit<RecordBody<'review.opened'>, never> {
  at: number;
  closed: { by: string; at: number; verdict: string } | null;
  /** How often, and when last, people were reminded of it. */
  reminded: { n: number; at: number };
}

/** A key with which a person co-signs what they decide. */
export interface PersonKeyView {
  kid: string;
  person: string;
  public_key: string;
  at: number;
  by: string;
  revoked: { at: number; by: string; reason: string } | null;
}

/** Who a signed statement comes from, by the key that signed it. */
export type Signed<T> = { person: string; statement: T };

export type ApprovalResult = { request: RequestView; grant?: IssuedGrant };

/**
 * Grants (DESIGN §4). What changes anything resolves when its record is durable and rejects without a record when it is
 * refused. Everything but `revoke`, `deny`, `closeReview` and reading rejects `CLOCK_BEHIND_LEDGER` when the clock stands
 * more than two seconds before the ledger's last record.
 */
export interface Grants {
  /** Writes down keys of the key store that the ledger does not know yet, and retirements. Only keys in both sign. */
  enrolKeys(by: string): Promise<void>;
  /**
   * Signs and records a grant. A break-glass grant also opens its review. Rejects `GRANT_EMPTY_SCOPE`, `GRANT_LIFETIME`,
   * `REASON_REQUIRED`, `REASON_TOO_LONG`, `ARGUMENTS_INVALID`, `KEYS_MISSING`, `GRANT_KEY_UNKNOWN`.
   */
  issue(request: IssueRequest): Promise<IssuedGrant>;
  /** A narrower grant under a valid one, for the same subject. Rejects `GRANT_CHILD_WIDER` and what `check` throws. */
  child(parent: string, request: ChildRequest): Promise<IssuedGrant>;
  /**
   * Records one use; when it resolves, `grant.used` is durable and the act may begin. Everything is checked again at the
   * instant of sequencing, so that of fifty callers of a one-use grant one passes. Rejects with the first reason in the
   * order of DESIGN §4.
   */
  use(request: UseRequest): Promise<UsedGrant>;
  /** Cheap re-check before every step: key, audience, time, halt, revocation (also of its parents) and scope. Throws. */
  check(gid: string, wanted: Wanted): GrantPayload;
  /** The full verification of a token, without using it. Throws; nothing but ReeveError, whatever the text is. */
  verify(token: string, wanted?: Wanted): GrantPayload;
  /** Newest first. */
  list(filter?: { activeOnly?: boolean }): Promise<GrantView[]>;
  /** Rejects `GRANT_NOT_FOUND`, also for a grant that expired more than 30 days ago (its records remain). */
  show(gid: string): Promise<GrantView>;
  /** The token again, made anew (Ed25519 is deterministic): none is stored. Rejects when its key is retired. */
  token(gid: string): Promise<string>;
  /** Revokes one grant with all its children, everything a key signed, or all that a subject holds now. */
  revoke(
    what: { gid: string } | { kid: string } | { sub: string },
    by: string,
    reason: string,
  ): Promise<{ seq: number; grants: string[] }>;

  /**
   * Asks for a grant over one exact plan. With `break_glass` and `needs: 0` the grant comes at once and `approvers` are
   * recorded as skipped. Rejects `APPROVERS_TOO_FEW` when it could never be granted.
   */
  request(input: Omit<RecordBody<'grant.requested'>, 'id'>): Promise<ApprovalResult>;
  /**
   * One person's approval of exactly this plan; the last one needed signs the grant, whose clock starts then. People are
   * compared, not accounts. Rejects `APPROVAL_SELF`, `APPROVAL_TWICE`, `FORBIDDEN`, `GRANT_PLAN_MISMATCH`,
   * `REQUEST_CLOSED`, `REQUEST_NOT_FOUND`, `COSIGN_REQUIRED` for a request that wants co-signatures, and what `decision`
   * throws; a co-signature is checked again at the instant of sequencing.
   */
  approve(id: string, by: string, plan: string, how?: Decided): Promise<ApprovalResult>;
  /** By an approver, or by the requester to withdraw it; also closes one that lapsed. */
  deny(id: string, by: string, reason: string, how?: Decided): Promise<RequestView>;
  /** Newest first. */
  requests(filter?: { openOnly?: boolean }): Promise<RequestView[]>;
  /** Signs what was fully approved before a crash and is still in time. For the daemon's start. */
  completeRequests(): Promise<IssuedGrant[]>;
  /**
   * Requests for a job that are fully approved and came to nothing yet: neither denied nor lapsed, and without a use for a
   * job that ran, or will, under that grant as far as `began` knows.
   */
  unfinished(began: (job: string, gid: string) => boolean): Promise<RequestView[]>;
  /** Records, once, that a fully approved request does not start its job, and why. */
  lapse(id: string, code: string, why: string): Promise<void>;

  /** Records what is over or overdue by now: requests that expired, reviews that nobody closed. Answers when to look again, ms. */
  remind(): Promise<number | undefined>;
  /** The grant that is kept for this person and exactly this plan, and can be used now. */
  kept(person: string, plan: string): GrantPayload | undefined;
  /** Whether a grant is kept for this person that is for this now: a place, or a command. What exactly, the plan says. */
  keeps(person: string, what: { cap: string; project: string } | { command: string }): boolean;

  /**
   * Enrols a key of a person by the line that `reeve key public` prints. Rejects `GRANT_KEY_REJECTED` for a key that is
   * unsound or not held by who made the line, `KEY_TAKEN`.
   */
  enrolPersonKey(person: string, line: string, by: string, reason: string): Promise<PersonKeyView>;
  /** Rejects `KEY_NOT_FOUND`. What it signed before stays as it is. */
  revokePersonKey(kid: string, by: string, reason: string): Promise<PersonKeyView>;
  /** Newest first. */
  personKeys(): PersonKeyView[];
  /**
   * Whose decision a co-signature is. Throws `COSIGN_MALFORMED`, `COSIGN_BAD_SIGNATURE`, `COSIGN_KEY_UNKNOWN`,
   * `COSIGN_KEY_REVOKED`, `COSIGN_EXPIRED`, `COSIGN_OTHER` (another daemon, or another person's key).
   */
  decision(token: string): Signed<CoSignature>;
  /** The same for who wants to see a request. */
  look(token: string): Signed<CoSignLook>;

  /** Oldest first. */
  reviews(filter?: { openOnly?: boolean }): Promise<ReviewView[]>;
  /** `reviewers`: who else may judge it; when there is anyone else, the grant's own subject may not. */
  closeReview(id: string, by: string, verdict: string, reviewers: readonly string[]): Promise<ReviewView>;
}
