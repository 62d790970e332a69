import { Digest, JobId } from '../../contracts/ids.ts';
import { fail } from '../../contracts/errors.ts';
import type { UsedGrant, UseRequest } from '../ports/grants.ts';
import { badArguments, type Core } from './core.ts';
import { openReview, record, withReview } from './issue.ts';
import { checkUses } from './judge.ts';
import { ancestry, type GrantEntry } from './projection.ts';
import { TOKEN_PREFIX } from './token.ts';
import { authenticate, checkRecorded } from './verify.ts';

/** Another use was sequenced between counting and sequencing: count again. */
class Recount extends Error {}

/** One durable use. See `Grants.use`. */
export async function use(core: Core, request: UseRequest): Promise<UsedGrant> {
  if (!Digest.safeParse(request.plan).success) throw badArguments('grant use', 'plan is not a digest');
  if (request.job !== undefined && !JobId.safeParse(request.job).success) {
    throw badArguments('grant use', 'job is not a job id');
  }
  core.assertClock();
  const gid = grantId(core, request.grant);
  for (;;) {
    try {
      return await useOnce(core, gid, request);
    } catch (error) {
      if (!(error instanceof Recount)) throw error;
    }
  }
}

async function useOnce(core: Core, gid: string, request: UseRequest): Promise<UsedGrant> {
  const { sub, cap, project, plan, job } = request;
  const wanted = { sub, cap, project, plan };
  const entry = core.check(gid, wanted);
  const { payload } = entry;
  const before = request.resume === true ? sameUse(entry, request) : undefined;
  if (before !== undefined) {
    await core.options.ledger.settled();
    return { payload, ...before };
  }
  checkUses(payload, core.state);
  const n = entry.used + 1;
  const body = { gid, n, by: sub, cap, project, plan, ...(job === undefined ? {} : { job }) };
  const used = record(core, 'grant.used', body, () => {
    const current = core.check(gid, wanted);
    checkUses(payload, core.state);
    if (current.used + 1 !== n) throw new Recount();
  });
  const { result, review } = await withReview(used, () => reviewOf(core, entry, job));
  return { payload, n, seq: result.record.seq, ...(review === undefined ? {} : { review }) };
}

/** A token is verified from its first byte, and must be the very grant the ledger knows. */
function grantId(core: Core, grant: string): string {
  if (!grant.startsWith(`${TOKEN_PREFIX}.`)) return grant;
  const facts = core.facts();
  const payload = authenticate(grant, facts);
  checkRecorded(payload, facts);
  return payload.gid;
}

function sameUse(
  entry: GrantEntry,
  { job, cap, project, plan }: UseRequest,
): { n: number; seq: number } | undefined {
  const before = job !== undefined && Object.hasOwn(entry.jobs, job) ? entry.jobs[job] : undefined;
  if (before === undefined) return undefined;
  if (before.plan !== plan || before.cap !== cap || before.project !== project)
    throw fail('GRANT_PLAN_MISMATCH');
  return { n: before.n, seq: before.seq };
}

/** Break-glass use without an open review of the grant or one it descends from: opens one. */
function reviewOf(core: Core, { payload }: GrantEntry, job: string | undefined) {
  if (payload.cls !== 'break_glass') return undefined;
  const line = new Set(ancestry(core.state, payload.gid).map((entry) => entry.payload.gid));
  const reviews = Object.values(core.state.reviews).filter(({ body }) => line.has(body.gid));
  if (reviews.some(({ closed }) => closed === null)) return undefined;
  const skipped = reviews[0]?.body.skipped ?? [];
  return openReview(core, payload.gid, { skipped, reason: payload.rsn, job });
}
