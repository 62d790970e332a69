import type { CardSource } from './card.ts';

/** Break-glass is loud: everyone who was skipped is called, and told of the review that stays open. */
export const reviews: CardSource = {
  types: ['review.opened', 'review.closed'],
  cards({ type, body }) {
    if (type === 'review.opened')
      return [
        {
          topic: 'approvals',
          tone: 'bad',
          title: 'Break-glass was used without the approvals it needs',
          blocks: [
            {
              type: 'fields',
              fields: [
                { label: 'Reason', value: body.reason },
                { label: 'Skipped', value: body.skipped.join(', ') || 'nobody' },
                { label: 'Grant', value: body.gid },
                ...(body.job === undefined ? [] : [{ label: 'Job', value: { id: body.job } }]),
                { label: 'Review', value: body.id },
              ],
            },
            { type: 'hint', text: `/reeve review close ${body.id} ends it, with a verdict.` },
          ],
          call: body.skipped,
        },
      ];
    if (type === 'review.closed')
      return [
        {
          topic: 'approvals',
          tone: 'info',
          title: `The review of a break-glass is closed by ${body.by}`,
          blocks: [
            {
              type: 'fields',
              fields: [
                { label: 'Review', value: body.id },
                { label: 'Verdict', value: body.verdict },
              ],
            },
          ],
        },
      ];
    return [];
  },
};
