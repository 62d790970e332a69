import type { GrantPayload } from '../../contracts/grant.ts';
import type { LedgerRecord, RecordBody } from '../../contracts/record.ts';
import type { KeyPurpose } from '../ports/keys.ts';
import type { Projection } from '../ports/state.ts';
import { sweep } from './sweep.ts';

export interface Revocation {
  at: number;
  seq: number;
  by: string;
  reason: string;
}

export interface GrantEntry {
  payload: GrantPayload;
  how: RecordBody<'grant.issued'>['how'];
  /** Seq of `grant.issued`: a subject's revocation reaches what stands before it. */
  seq: number;
  used: number;
  /** Job → its use and that record's seq. */
  jobs: Record<string, { n: number; seq: number; cap: string; project: string; plan: string }>;
  revoked: Revocation | null;
}

export interface Approval {
  by: string;
  at: number;
  account?: string;
  /** The approver's own signature over it. */
  cosign?: string;
}

export interface RequestEntry {
  body: RecordBody<'grant.requested'>;
  at: number;
  approvals: Approval[];
  denied: { by: string; at: number; reason: string; cosign?: string } | null;
  /** When its time was over before its approvals were in. */
  expired: number | null;
  /** Why its job was not started although it was approved. */
  lapsed: { at: number; code: string; why: string } | null;
  gid: string | null;
}

export interface ReviewEntry {
  body: RecordBody<'review.opened'>;
  at: number;
  closed: { by: string; at: number; verdict: string } | null;
  /** How often, and when last, people were reminded of it. */
  reminded: { n: number; at: number };
}

/** A key with which a person co-signs. */
export interface PersonKey {
  person: string;
  public_key: string;
  at: number;
  by: string;
  revoked: { at: number; by: string; reason: string } | null;
}

export interface KeyEntry {
  purpose: KeyPurpose;
  public_key: string;
  created: number;
  retired: number | null;
}

/** Everything the ledger says about grants. Maps are plain objects: read them with `own` when the key came from outside. */
export interface GrantState {
  grants: Record<string, GrantEntry>;
  requests: Record<string, RequestEntry>;
  reviews: Record<string, ReviewEntry>;
  keys: Record<string, KeyEntry>;
  /** People's own keys, by key id. None is ever forgotten: what it signed must stay verifiable. */
  people_keys: Record<string, PersonKey>;
  revoked_kids: Record<string, Revocation>;
  revoked_subs: Record<string, Revocation>;
  /** Entries in grants, requests and reviews. */
  count: number;
  /** The next sweep comes at this record time, or when `count` reaches `sweep_count`. */
  sweep_at: number;
  sweep_count: number;
}

/** A map's own entry: `constructor` and `__proto__` find nothing. */
export function own<T>(map: Record<string, T>, key: string): T | undefined {
  return Object.hasOwn(map, key) ? map[key] : undefined;
}

/** Issued grants, uses, revocations, requests, reviews and keys. Bounded: see sweep.ts. */
export const grantsProjection: Projection<GrantState> = {
  name: 'grants',
  version: 3,
  initial: () => ({
    grants: {},
    requests: {},
    reviews: {},
    keys: {},
    people_keys: {},
    revoked_kids: {},
    revoked_subs: {},
    count: 0,
    sweep_at: 0,
    sweep_count: 0,
  }),
  apply(state, record) {
    switch (record.type) {
      case 'grant.issued':
        issued(state, record);
        return sweep(state, record.ts);
      case 'grant.used':
        used(state, record);
        return state;
      case 'grant.revoked':
        revoked(state, record);
        return state;
      case 'grant.requested': {
        const entry: RequestEntry = {
          body: record.body,
          at: record.ts,
          approvals: [],
          denied: null,
          lapsed: null,
          expired: null,
          gid: null,
        };
        state.requests[record.body.id] = entry;
        state.count += 1;
        return sweep(state, record.ts);
      }
      case 'grant.approved': {
        const { id, plan: _, ...approval } = record.body;
        state.requests[id]?.approvals.push({ ...approval, at: record.ts });
        return state;
      }
      case 'grant.denied': {
        const { id, ...denied } = record.body;
        const request = state.requests[id];
        if (request !== undefined) request.denied = { ...denied, at: record.ts };
        return state;
      }
      case 'grant.expired': {
        const request = state.requests[record.body.id];
        if (request !== undefined) request.expired ??= record.ts;
        return state;
      }
      case 'grant.lapsed': {
        const { id, code, why } = record.body;
        const request = state.requests[id];
        if (request !== undefined) request.lapsed = { at: record.ts, code, why };
        return state;
      }
      case 'review.opened':
        state.reviews[record.body.id] = {
          body: record.body,
          at: record.ts,
          closed: null,
          reminded: { n: 0, at: record.ts },
        };
        state.count += 1;
        return sweep(state, record.ts);
      case 'review.reminded': {
        const review = state.reviews[record.body.id];
        if (review !== undefined) review.reminded = { n: record.body.n, at: record.ts };
        return state;
      }
      case 'person.key_enrolled': {
        const { kid, person, public_key, by } = record.body;
        // A key never changes hands, and never comes back.
        state.people_keys[kid] ??= { person, public_key, at: record.ts, by, revoked: null };
        return state;
      }
      case 'person.key_revoked': {
        const { kid, by, reason } = record.body;
        const key = state.people_keys[kid];
        if (key !== undefined) key.revoked ??= { at: record.ts, by, reason };
        return state;
      }
      case 'review.closed': {
        const { id, by, verdict } = record.body;
        const review = state.reviews[id];
        if (review !== undefined) review.closed = { by, at: record.ts, verdict };
        return state;
      }
      case 'key.created': {
        const { kid, purpose, public_key } = record.body;
        // A key never comes back: what was retired stays so.
        state.keys[kid] ??= { purpose, public_key, created: record.ts, retired: null };
        return state;
      }
      case 'key.retired': {
        const key = state.keys[record.body.kid];
        if (key !== undefined) key.retired ??= record.ts;
        return state;
      }
      default:
        return state;
    }
  },
};

function issued(state: GrantState, { seq, body }: LedgerRecord<'grant.issued'>): void {
  const { grant, how, request } = body;
  state.grants[grant.gid] = { payload: grant, how, seq, used: 0, jobs: {}, revoked: null };
  state.count += 1;
  const asked = request === undefined ? undefined : state.requests[request];
  if (asked !== undefined) asked.gid = grant.gid;
}

function used(state: GrantState, { seq, body }: LedgerRecord<'grant.used'>): void {
  const grant = state.grants[body.gid];
  if (grant === undefined) return;
  grant.used = Math.max(grant.used, body.n);
  const { n, cap, project, plan } = body;
  if (body.job !== undefined) grant.jobs[body.job] ??= { n, seq, cap, project, plan };
}

/** The first revocation stands: a later one changes neither who nor when. */
function revoked(state: GrantState, { seq, ts, body }: LedgerRecord<'grant.revoked'>): void {
  const revocation: Revocation = { at: ts, seq, by: body.by, reason: body.reason };
  const grant = body.gid === undefined ? undefined : state.grants[body.gid];
  if (grant !== undefined) grant.revoked ??= revocation;
  if (body.kid !== undefined) state.revoked_kids[body.kid] ??= revocation;
  // A subject may be given grants again later; each revocation reaches all that stand before it.
  if (body.sub !== undefined) state.revoked_subs[body.sub] = revocation;
}

/** How many generations of child grants there may be. */
export const MAX_DEPTH = 8;

/** The grant and those it descends from, itself first; ends where one is unknown. */
export function ancestry(state: GrantState, gid: string): GrantEntry[] {
  const line: GrantEntry[] = [];
  let entry = own(state.grants, gid);
  while (entry !== undefined && line.length <= MAX_DEPTH + 1) {
    line.push(entry);
    entry = entry.payload.par === null ? undefined : own(state.grants, entry.payload.par);
  }
  return line;
}

/** The revocation that reaches this grant: its own, its key's, its subject's, or one of a parent's. */
export function revocationOf(state: GrantState, gid: string): Revocation | undefined {
  for (const { payload, revoked, seq } of ancestry(state, gid)) {
    const bySub = own(state.revoked_subs, payload.sub);
    const found =
      revoked ??
      own(state.revoked_kids, payload.kid) ??
      (bySub !== undefined && bySub.seq > seq ? bySub : undefined);
    if (found !== undefined) return found;
  }
  return undefined;
}
