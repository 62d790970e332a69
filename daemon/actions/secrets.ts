import { z } from 'zod';
import type { Cell } from '../../contracts/reply.ts';
import { plural } from '../../contracts/units.ts';
import { arg } from '../args.ts';
import { adminAction, readAction } from '../ports/actions.ts';

const group = 'Configuration';

export const secretList = readAction({
  name: 'secret list',
  summary: 'Names and versions of the stored secrets, never values',
  group,
  verb: 'administer',
  args: z.object({}),
  examples: ['secret list'],
  async run({ secrets }) {
    const all = await secrets.list();
    return {
      title: plural(all.length, 'secret'),
      tone: 'info',
      blocks: [
        {
          type: 'table',
          columns: [{ label: 'Name' }, { label: 'Version', align: 'right' }, { label: 'Stored' }],
          rows: all.map((s): Cell[] => [s.name, s.version, { time: s.updated }]),
          empty: 'None. Store one: reeve secret set <name> --value …',
        },
      ],
      data: all.map((s) => ({ ...s })),
    };
  },
});

export const secretSet = adminAction({
  name: 'secret set',
  inChat: false,
  type: 'rotate_secret',
  summary: 'Store a secret or a new version of it, sealed at rest',
  group,
  verb: 'administer',
  conceal: ['value'],
  args: z.object({
    name: arg.string('its name, as runbooks declare it', { position: 0, max: 64 }),
    value: arg.string('its value; “-” reads it from standard input, so that it is in no shell history', {
      max: 60_000,
    }),
  }),
  examples: ['secret set registry_token --value - < token.txt'],
  async run({ secrets }, args) {
    const rotation = await secrets.set(args.name, args.value);
    return {
      title: `${args.name} is stored as version ${rotation.new_version}`,
      data: { ...rotation },
      before: { version: rotation.previous_version ?? null },
      after: { version: rotation.new_version },
      targets: [{ kind: 'secret', id: args.name }],
      rotation,
    };
  },
});

export const secretRemove = adminAction({
  name: 'secret remove',
  type: 'rotate_secret',
  summary: 'Remove a secret; runbooks that declare it are refused from then on',
  group,
  verb: 'administer',
  args: z.object({ name: arg.string('its name', { position: 0, max: 64 }) }),
  examples: ['secret remove registry_token'],
  preview: (_context, args) =>
    Promise.resolve({ question: `Remove the secret ${args.name} for good?`, blocks: [] }),
  async run({ secrets }, args) {
    const gone = await secrets.remove(args.name);
    return {
      title: `${args.name} is removed`,
      tone: 'warn',
      data: { name: gone.name, version: gone.version },
      before: { version: String(gone.version) },
      after: { version: null },
      targets: [{ kind: 'secret', id: gone.name }],
    };
  },
});
