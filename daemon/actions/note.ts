import { z } from 'zod';
import { arg } from '../args.ts';
import { adminAction } from '../ports/actions.ts';

/** A line for the record: the smallest admin action there is, and what the benchmark of the door uses. */
export const note = adminAction({
  name: 'note',
  type: 'note',
  summary: 'Put a line on the record',
  description: 'Writes a remark into the ledger as an AdminEvent, with who and when.',
  group: 'Look',
  verb: 'run',
  args: z.object({ text: arg.string('what to remember', { position: 0, max: 2000 }) }),
  examples: ['note "rotated the pager"'],
  async run(_context, args) {
    return Promise.resolve({ title: 'Noted', data: { text: args.text }, after: { text: args.text } });
  },
});
