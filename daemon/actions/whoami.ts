import { z } from 'zod';
import { readAction } from '../ports/actions.ts';

export const whoami = readAction({
  name: 'whoami',
  summary: 'Who the daemon takes you for, and what you may do',
  group: 'Look',
  verb: 'view',
  args: z.object({}),
  examples: ['whoami'],
  async run({ caller, config, catalogue }) {
    const roles = config.current().config.people[caller.person]?.roles ?? ['admin'];
    const commands = (await catalogue()).commands.map((c) => c.name);
    return {
      title: `You are ${caller.person}`,
      tone: 'info',
      blocks: [
        {
          type: 'fields',
          fields: [
            { label: 'Through', value: `${caller.via} (${caller.account})` },
            { label: 'Roles', value: roles.join(', ') },
            { label: 'Commands', value: commands.length },
          ],
        },
      ],
      data: { person: caller.person, via: caller.via, account: caller.account, roles, commands },
    };
  },
});
