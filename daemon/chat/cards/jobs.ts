import { own } from '../../own.ts';
import { chatProjection } from '../projection.ts';
import type { CardSource } from './card.ts';

/** The live message of a job that was asked for in chat: where it was asked, also when others approved it meanwhile. */
export const jobs: CardSource = {
  types: ['job.queued'],
  cards({ type, body }, { state }) {
    if (type !== 'job.queued') return [];
    const { anchor, job_id, project, env, runbook, requested_by } = body.job;
    const { asked, requests } = state.get(chatProjection);
    const where =
      anchor.kind === 'interaction'
        ? anchor.id
        : anchor.kind === 'nonce'
          ? own(requests.by, anchor.id)
          : undefined;
    if (where === undefined || own(asked.by, where) === undefined) return [];
    return [
      {
        topic: 'default',
        tone: 'info',
        title: `${body.title ?? runbook} on ${project}/${env} waits for its turn`,
        blocks: [
          {
            type: 'fields',
            fields: [
              { label: 'Job', value: { id: job_id } },
              { label: 'Asked by', value: requested_by },
            ],
          },
        ],
        where,
        job: job_id,
      },
    ];
  },
};
