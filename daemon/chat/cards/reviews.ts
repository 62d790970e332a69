import type { Block } from '../../../contracts/reply.ts';
import type { RecordBody } from '../../../contracts/record.ts';
import type { ChatDeps } from '../deps.ts';
import type { Card, CardSource } from './card.ts';

/** How long the button that closes a review works, ms; the command always does. */
const BUTTON_MS = 30 * 86_400_000;

/** Break-glass is loud: everyone who was skipped is called, at once and again until somebody has closed the review. */
export const reviews: CardSource = {
  types: ['review.opened', 'review.reminded', 'review.closed'],
  async cards({ type, body, ts }, deps) {
    if (type === 'review.opened') {
      const open = await isOpen(body.id, deps);
      return [
        {
          ...base('Break-glass was used without the approvals it needs', body),
          ...(open ? asking(body, ts, deps) : {}),
        },
      ];
    }
    if (type === 'review.reminded') {
      const review = (await deps.grants.reviews()).find(({ id }) => id === body.id);
      if (review === undefined || review.closed !== null) return [];
      const card = base('A break-glass still waits for its review', review);
      return [
        {
          ...card,
          blocks: [
            { type: 'fields', fields: [{ label: 'Open since', value: { time: review.at } }] },
            ...card.blocks,
          ],
          call: review.skipped,
        },
      ];
    }
    if (type !== 'review.closed') return [];
    const closed: Card = {
      topic: 'approvals',
      tone: 'info',
      title: `The review of a break-glass is closed by ${body.by}`,
      blocks: [
        {
          type: 'fields',
          fields: [
            { label: 'Review', value: body.id },
            { label: 'Verdict', value: body.verdict },
            { label: 'Closed', value: { time: ts } },
          ],
        },
      ],
    };
    // The message that asked for it loses its button; the verdict is news of its own.
    return [closed, { ...closed, changes: `review:${body.id}` }];
  },
};

type Review = RecordBody<'review.opened'>;

const isOpen = async (id: string, { grants }: ChatDeps): Promise<boolean> =>
  (await grants.reviews({ openOnly: true })).some((review) => review.id === id);

function base(title: string, { reason, skipped, gid, job, id }: Review): Card {
  const blocks: Block[] = [
    {
      type: 'fields',
      fields: [
        { label: 'Reason', value: reason },
        { label: 'Skipped', value: skipped.join(', ') || 'nobody' },
        { label: 'Grant', value: gid },
        ...(job === undefined ? [] : [{ label: 'Job', value: { id: job } }]),
        { label: 'Review', value: id },
      ],
    },
    {
      type: 'hint',
      text: `It stays open until somebody closes it with a verdict: with the button, or \`reeve review close ${id}\``,
    },
  ];
  return { topic: 'approvals', tone: 'bad', title, blocks };
}

/** Who was skipped is called, and can close it. */
function asking({ id, skipped }: Review, ts: number, { people }: ChatDeps): Pick<Card, 'call' | 'button'> {
  const may = skipped.filter((person) => people.allows(person, 'approve'));
  if (may.length === 0) return { call: skipped };
  return {
    call: skipped,
    button: {
      for: may,
      once: false,
      command: 'review close',
      args: { review: id },
      form: 'reason',
      label: 'Close with a verdict',
      tone: 'warn',
      expires: ts + BUTTON_MS,
    },
  };
}
