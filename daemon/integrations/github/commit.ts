import type { Anchor } from '../../../contracts/job.ts';
import type { GithubRepository } from '../../ports/github.ts';
import type { GithubDeps } from './deps.ts';
import { commitIn } from './payload.ts';

/** Inputs of a runbook that name what is deployed, the most exact first. */
export const REF_INPUTS = ['commit', 'sha', 'ref', 'tag', 'release', 'version'];

const BY_RULE = /^rule:[a-z0-9_-]+\/(dlv_[0-9a-f]{24})$/;

/** The commit in the delivery by which a rule started a job. */
export async function commitOf(
  { ledger, body, warn }: Pick<GithubDeps, 'ledger' | 'body' | 'warn'>,
  { kind, id }: Anchor,
): Promise<{ repository: GithubRepository; sha: string } | undefined> {
  const [, delivery] = kind === 'delivery' ? (BY_RULE.exec(id) ?? []) : [];
  if (delivery === undefined) return undefined;
  try {
    for await (const record of ledger.read(0))
      if (record.type === 'webhook.received' && record.body.delivery === delivery)
        return record.body.source === 'github' ? commitIn(await body(record.body)) : undefined;
  } catch (error) {
    // A body that is no longer there: the deployment is written without its commit.
    warn(`the commit of ${delivery}`, error);
  }
  return undefined;
}
