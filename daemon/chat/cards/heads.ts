import type { ChatDeps } from '../deps.ts';
import type { CardSource } from './card.ts';

/** The head of the ledger where this machine cannot change it: what shows that records were cut off. */
export const heads: CardSource = {
  types: ['chat.head'],
  async cards({ type, ts, body }, deps) {
    if (type !== 'chat.head') return [];
    const { size, root, note } = body;
    return [
      {
        topic: 'heads',
        tone: 'info',
        title: `The ledger has ${size} records`,
        blocks: [
          {
            type: 'fields',
            fields: [
              { label: 'At', value: { time: ts } },
              { label: 'Records', value: size },
              { label: 'Root', value: root },
            ],
          },
          ...(note === undefined
            ? []
            : [
                { type: 'code' as const, language: 'signed', text: note.trim() },
                { type: 'code' as const, language: 'with the key', text: await keyOf(deps) },
              ]),
          { type: 'code', language: 'to check', text: `reeve ledger verify --anchored ${size}:${root}` },
        ],
      },
    ];
  },
};

/** The public key (C2SP vkey) that record 0 names. */
async function keyOf({ ledger }: Pick<ChatDeps, 'ledger'>): Promise<string> {
  for await (const { type, body } of ledger.read(0, { limit: 1 }))
    if (type === 'ledger.opened') return body.checkpoint_key;
  return 'not known';
}
