import { ReeveError } from '../contracts/errors.ts';
import type { LedgerRecord } from '../contracts/record.ts';
import { openStatement } from './cosign.ts';

/** Stands in each request that asks for co-signatures and beside each of them. Where it stands nowhere, nothing is to check. */
export const COSIGN_MARK = '"cosign":';

/** What is looked at. */
export const COSIGN_TYPES = [
  'person.key_enrolled',
  'person.key_revoked',
  'grant.requested',
  'grant.approved',
  'grant.denied',
] as const;
type Looked = LedgerRecord<(typeof COSIGN_TYPES)[number]>;

export interface CosignReport {
  /** Co-signatures that hold: by the key that was enrolled for that person then, over that request and plan. */
  verified: number;
  problems: { seq: number; why: string }[];
}

/** A statement was sent when it was made; clocks may differ by this much, ms. */
const SKEW_MS = 60_000;

/** Verifies each co-signature of a ledger with what the ledger says of its keys, without a daemon. */
export async function auditCosigns(
  records: AsyncIterable<Looked>,
  origin: string | null,
): Promise<CosignReport> {
  const keys = new Map<string, { person: string; raw: Buffer; revoked: boolean }>();
  const requests = new Map<string, { plan: string; cosign: boolean }>();
  const report: CosignReport = { verified: 0, problems: [] };
  for await (const record of records) {
    const { type, body } = record;
    if (type === 'person.key_enrolled') {
      if (!keys.has(body.kid))
        keys.set(body.kid, {
          person: body.person,
          raw: Buffer.from(body.public_key, 'base64'),
          revoked: false,
        });
    } else if (type === 'person.key_revoked') {
      const key = keys.get(body.kid);
      if (key !== undefined) key.revoked = true;
    } else if (type === 'grant.requested')
      requests.set(body.id, { plan: body.plan, cosign: body.cosign === true });
    else {
      const why = wrong(record, requests.get(body.id), origin, keys);
      if (why !== undefined) report.problems.push({ seq: record.seq, why });
      else if (body.cosign !== undefined) report.verified += 1;
    }
  }
  return report;
}

function wrong(
  { type, ts, body }: LedgerRecord<'grant.approved' | 'grant.denied'>,
  request: { plan: string; cosign: boolean } | undefined,
  origin: string | null,
  keys: ReadonlyMap<string, { person: string; raw: Buffer; revoked: boolean }>,
): string | undefined {
  if (body.cosign === undefined)
    return type === 'grant.approved' && request?.cosign === true
      ? 'the request asks for the approver’s signature, and there is none'
      : undefined;
  try {
    const said = openStatement('cosign', body.cosign, (kid) => {
      const key = keys.get(kid);
      if (key === undefined) throw new Wrong(`${kid} was not enrolled`);
      if (key.revoked) throw new Wrong(`${kid} was revoked`);
      return key.raw;
    });
    if (keys.get(said.kid)?.person !== body.by || said.by !== body.by) return 'it is another person’s key';
    if (said.aud !== origin) return 'it is for another daemon';
    if (said.request !== body.id || said.plan !== request?.plan) return 'it is for another request or plan';
    if (said.decision !== (type === 'grant.approved' ? 'approve' : 'deny')) return 'it says something else';
    if (ts < said.iat - SKEW_MS || ts >= said.exp + SKEW_MS) return 'it did not count at that time';
    return undefined;
  } catch (error) {
    if (error instanceof Wrong || error instanceof ReeveError) return error.message;
    throw error;
  }
}

class Wrong extends Error {}
