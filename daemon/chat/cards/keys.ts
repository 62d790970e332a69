import type { CardSource } from './card.ts';

/** A key signs in somebody's name: that person hears of it, whoever enrolled it. */
export const keys: CardSource = {
  types: ['person.key_enrolled', 'person.key_revoked'],
  cards({ type, body }, { grants }) {
    if (type === 'person.key_enrolled')
      return [
        {
          topic: 'approvals',
          tone: 'warn',
          title: `${body.kid} signs approvals of ${body.person} from now on`,
          blocks: [
            {
              type: 'fields',
              fields: [
                { label: 'Enrolled by', value: body.by },
                { label: 'Reason', value: body.reason || '–' },
              ],
            },
            { type: 'hint', text: `Not yours? \`reeve key revoke ${body.kid}\`` },
          ],
          call: [body.person],
        },
      ];
    if (type !== 'person.key_revoked') return [];
    const person = grants.personKeys().find(({ kid }) => kid === body.kid)?.person;
    return [
      {
        topic: 'approvals',
        tone: 'info',
        title: `${body.kid}${person === undefined ? '' : ` of ${person}`} signs nothing any more`,
        blocks: [
          {
            type: 'fields',
            fields: [
              { label: 'Revoked by', value: body.by },
              { label: 'Reason', value: body.reason || '–' },
            ],
          },
        ],
        ...(person === undefined ? {} : { call: [person] }),
      },
    ];
  },
};
