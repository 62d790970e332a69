import { JobId, RequestId } from '../../../contracts/ids.ts';
import type { RecordBody } from '../../../contracts/record.ts';
import type { Reply } from '../../../contracts/reply.ts';
import type { Grants } from '../../ports/grants.ts';
import type { Ask, GithubState } from './projection.ts';

/** What came of a command, beside what is shown of it. */
export type Answer = Omit<RecordBody<'github.answered'>, 'delivery' | 'said'>;

/** What the door's reply comes to. */
export function outcomeOf(
  { error, confirm, job, data }: Reply,
  person: string,
): Pick<Answer, 'outcome' | 'digest' | 'typed' | 'job' | 'request'> {
  if (error !== undefined) return { outcome: 'refused' };
  if (confirm !== undefined) {
    const { digest, typed } = confirm;
    return { outcome: 'confirm', digest, ...(typed === undefined ? {} : { typed }) };
  }
  const started = JobId.safeParse(job?.id);
  if (started.success) return { outcome: 'started', job: started.data };
  const request = RequestId.safeParse(requestOf(data, person));
  return request.success ? { outcome: 'waits', request: request.data } : { outcome: 'done' };
}

/** A request that this person opened; one that was decided is somebody else's. */
function requestOf(data: Reply['data'], person: string): unknown {
  if (typeof data !== 'object' || data === null || !('request' in data)) return undefined;
  const { request } = data;
  if (typeof request !== 'object' || request === null || !('id' in request) || !('by' in request))
    return undefined;
  return request.by === person ? request.id : undefined;
}

/**
 * What the ledger says came of a command although no answer was recorded, since the daemon ended in between: the job that it
 * confirmed, the approval that it gave, the request that it opened.
 */
export async function cameTo(
  { of, person, command, args, at }: Ask,
  state: GithubState,
  grants: Pick<Grants, 'requests'>,
): Promise<Answer | undefined> {
  if (of === undefined) return undefined;
  const plan = state.asks[of]?.answered;
  if (plan?.outcome === 'started' && plan.job !== undefined)
    return { outcome: 'started', title: plan.title, job: plan.job };
  const requests = await grants.requests();
  const { request } = args;
  if (command === 'grant approve' && typeof request === 'string') {
    const approved = requests.find(
      ({ id, approvals }) => id.startsWith(request) && approvals.some(({ by }) => by === person),
    );
    return approved && { outcome: 'done', title: `Approved: ${approved.id}` };
  }
  const opened = requests.findLast(
    (one) => one.by === person && one.plan === plan?.digest && one.via === 'github' && one.at >= at,
  );
  return opened && { outcome: 'waits', title: `Waits for approval: ${opened.id}`, request: opened.id };
}
