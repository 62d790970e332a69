import { z } from 'zod';
import { fail } from '../../contracts/errors.ts';
import type { Json } from '../../contracts/json.ts';
import type { Cell } from '../../contracts/reply.ts';
import { plural } from '../../contracts/units.ts';
import { arg } from '../args.ts';
import { openPublicLine } from '../cosign.ts';
import { adminAction, readAction } from '../ports/actions.ts';

const group = 'Grants';

export const keyEnrol = adminAction({
  name: 'key enrol',
  // An account in chat that was taken over must not bring a key of its own.
  inChat: false,
  type: 'enrol_key',
  summary: 'Let a key of a person sign that person’s approvals',
  description:
    'The line comes from `reeve key public` on the person’s own machine, where the private key stays. Compare the key id with the person by another way than the one the line came.',
  group,
  verb: 'administer',
  args: z.object({
    person: arg.person('whose key it is'),
    public: arg.string('the line that `reeve key public` printed', { max: 400 }),
  }),
  examples: ['key enrol --person ben --public reevekey1.…'],
  preview({ people }, args) {
    const { kid } = openPublicLine(args.public);
    if (!people.exists(args.person)) throw fail('PERSON_UNKNOWN', { account: args.person });
    return Promise.resolve({
      question: `Let ${kid} sign approvals as ${args.person}? It must be the key id that ${args.person} sees.`,
      blocks: [],
    });
  },
  async run({ grants, people, caller, reason }, args) {
    if (!people.exists(args.person)) throw fail('PERSON_UNKNOWN', { account: args.person });
    const key = await grants.enrolPersonKey(args.person, args.public, caller.person, reason);
    return {
      title: `${key.kid} signs approvals of ${key.person} from now on`,
      blocks: [{ type: 'hint', text: `When it is lost: reeve key revoke ${key.kid} --reason "…"` }],
      data: { key: key as unknown as Json },
      after: { kid: key.kid, person: key.person },
      targets: [
        { kind: 'key', id: key.kid },
        { kind: 'person', id: key.person },
      ],
    };
  },
});

export const keyRevoke = adminAction({
  name: 'key revoke',
  type: 'revoke_key',
  summary: 'A key of a person signs nothing any more; your own, or as an admin anyone’s',
  group,
  verb: 'view',
  needsReason: true,
  args: z.object({ key: arg.string('key id', { position: 0, max: 64 }) }),
  examples: ['key revoke key_… --reason "laptop lost"'],
  async run({ grants, people, caller, reason }, args) {
    const known = grants.personKeys().find(({ kid }) => kid === args.key);
    if (known === undefined) throw fail('KEY_NOT_FOUND', { kid: args.key.slice(0, 64) });
    if (known.person !== caller.person) people.require(caller.person, 'administer');
    const key = await grants.revokePersonKey(known.kid, caller.person, reason);
    return {
      title: `${key.kid} of ${key.person} signs nothing any more`,
      tone: 'warn',
      data: { key: key as unknown as Json },
      before: { revoked: false },
      after: { revoked: true },
      targets: [
        { kind: 'key', id: key.kid },
        { kind: 'person', id: key.person },
      ],
    };
  },
});

export const keyList = readAction({
  name: 'key list',
  summary: 'The keys with which people sign approvals',
  group,
  verb: 'view',
  args: z.object({}),
  examples: ['key list'],
  run({ grants }) {
    const keys = grants.personKeys();
    return {
      title: keys.length === 0 ? 'No key of a person is enrolled' : plural(keys.length, 'key'),
      tone: 'info',
      blocks: [
        {
          type: 'table',
          columns: [
            { label: 'Key' },
            { label: 'Of' },
            { label: 'Enrolled' },
            { label: 'By' },
            { label: 'State' },
          ],
          rows: keys.map((k): Cell[] => [
            k.kid,
            k.person,
            { time: k.at },
            k.by,
            k.revoked === null
              ? { tone: 'good', text: 'signs' }
              : { tone: 'warn', text: `revoked by ${k.revoked.by}: ${k.revoked.reason}` },
          ]),
          empty: 'On the approver’s own machine: reeve key new',
        },
      ],
      data: keys as unknown as Json,
    };
  },
});
