import type { RecordBody } from '../../../contracts/record.ts';
import { own } from '../../own.ts';
import type { ChatDeps } from '../deps.ts';
import { chatProjection } from '../projection.ts';
import type { Card, CardSource } from './card.ts';

/**
 * The live message of a job that was asked for in chat: where it was asked, also when others approved it meanwhile. A
 * further attempt that a person asks for gets a message of its own: the first may be far up by then.
 */
export const jobs: CardSource = {
  types: ['job.queued', 'job.attempt'],
  async cards({ type, body }, deps) {
    if (type === 'job.queued') {
      const { job_id, project, env, runbook, requested_by } = body.job;
      const title = `${body.title ?? runbook} on ${project}/${env} waits for its turn`;
      return liveIn(askedIn(deps, body.job.anchor.id), job_id, title, requested_by);
    }
    return type === 'job.attempt' ? again(body, deps) : [];
  },
};

async function again({ attempt, fence }: RecordBody<'job.attempt'>, deps: ChatDeps): Promise<Card[]> {
  const { job_id, status, correlation_ids: { requested_by: by, asked } = {} } = attempt;
  // What Reeve tries again by itself goes on in the message there is.
  if (status !== 'QUEUED' || fence === 1 || by === undefined) return [];
  const { spec, title } = await deps.jobs.get(job_id);
  const where = askedIn(deps, asked ?? '') ?? askedIn(deps, spec.anchor.id);
  return liveIn(where, job_id, `${title} on ${spec.project}/${spec.env} is tried again`, by);
}

/** The interaction that an anchor is, or that asked for the approvals which it is. */
function askedIn({ state }: ChatDeps, anchor: string): string | undefined {
  const { asked, requests } = state.get(chatProjection);
  const where = own(asked.by, anchor) === undefined ? own(requests.by, anchor) : anchor;
  return where === undefined || own(asked.by, where) === undefined ? undefined : where;
}

function liveIn(where: string | undefined, job: string, title: string, by: string): Card[] {
  if (where === undefined) return [];
  const fields = [
    { label: 'Job', value: { id: job } },
    { label: 'Asked by', value: by },
  ];
  return [{ topic: 'default', tone: 'info', title, blocks: [{ type: 'fields', fields }], where, job }];
}
