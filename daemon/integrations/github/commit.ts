import type { Anchor } from '../../../contracts/job.ts';
import type { LedgerRecord } from '../../../contracts/record.ts';
import type { GithubRepository } from '../../ports/github.ts';
import { readBack } from '../../read-back.ts';
import type { GithubDeps } from './deps.ts';
import { commitIn, type Received } from './payload.ts';

/** Inputs of a runbook that name what is deployed, the most exact first. */
export const REF_INPUTS = ['commit', 'sha', 'ref', 'tag', 'release', 'version'];

const BY_RULE = /^rule:[a-z0-9_-]+\/(dlv_[0-9a-f]{24})$/;

/** A delivery starts its job within the hour, or within one of being redelivered; what is redelivered may be older, ms. */
const OLDEST = 7 * 86_400_000;

/** The delivery of this id, before the record `before` of the time `at`. The newest are remembered; others are looked for. */
export async function deliveryOf(
  { ledger, delivered }: Pick<GithubDeps, 'ledger' | 'delivered'>,
  delivery: string,
  before: { seq: number; ts: number },
): Promise<Received | undefined> {
  const known = delivered(delivery);
  if (known !== undefined) return known;
  const record = await readBack(
    ledger,
    { before: before.seq, since: before.ts - OLDEST },
    (one): one is LedgerRecord<'webhook.received'> =>
      one.type === 'webhook.received' && one.body.delivery === delivery,
  );
  return record?.body;
}

/** The commit in the delivery by which a rule started the job of this record. */
export async function commitOf(
  deps: Pick<GithubDeps, 'ledger' | 'delivered' | 'body' | 'warn'>,
  { kind, id }: Anchor,
  queued: { seq: number; ts: number },
): Promise<{ repository: GithubRepository; sha: string } | undefined> {
  const [, delivery] = kind === 'delivery' ? (BY_RULE.exec(id) ?? []) : [];
  if (delivery === undefined) return undefined;
  try {
    const found = await deliveryOf(deps, delivery, queued);
    return found?.source === 'github' ? commitIn(await deps.body(found)) : undefined;
  } catch (error) {
    // A body that is no longer there: the deployment is written without its commit.
    deps.warn(`the commit of ${delivery}`, error);
  }
  return undefined;
}
