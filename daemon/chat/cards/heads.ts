import type { CardSource } from './card.ts';

/** The head of the ledger where this machine cannot change it: what shows that records were cut off. */
export const heads: CardSource = {
  types: ['chat.head'],
  cards({ type, body }) {
    if (type !== 'chat.head') return [];
    return [
      {
        topic: 'heads',
        tone: 'info',
        title: `The ledger has ${body.size} records`,
        blocks: [
          {
            type: 'code',
            language: 'to check',
            text: `reeve ledger verify --anchored ${body.size}:${body.root}`,
          },
        ],
      },
    ];
  },
};
