import { z } from 'zod';
import { toCloudEvent } from '../../contracts/cloudevent.ts';
import type { Json } from '../../contracts/json.ts';
import { plural } from '../../contracts/units.ts';
import { arg } from '../args.ts';
import { readAction } from '../ports/actions.ts';

/** Hands ledger records to other systems in the envelope they expect. */
export const eventsExport = readAction({
  name: 'events export',
  aliases: ['events'],
  summary: 'Ledger records as CloudEvents 1.0, for other systems',
  description:
    'Give the `next` of one answer as --from of the next call; /v1/events streams the same records live.',
  group: 'Look',
  verb: 'administer',
  args: z.object({
    from: arg.integer('first record').default(0),
    limit: arg.integer('at most so many', { min: 1, max: 1000 }).default(100),
    type: arg.string('only this record type, e.g. admin.event').optional(),
  }),
  examples: ['events export --from 0 --limit 100 --json', 'events export --type admin.event'],
  async run({ ledger, origin }, args) {
    const events = [];
    let next = args.from;
    for await (const record of ledger.read(args.from)) {
      if (events.length >= args.limit) break;
      next = record.seq + 1;
      if (args.type === undefined || record.type === args.type) events.push(toCloudEvent(record, origin));
    }
    return {
      title: `${plural(events.length, 'event')}; the next is record ${next}`,
      tone: 'info',
      blocks: [
        { type: 'code', language: 'json lines', text: events.map((e) => JSON.stringify(e)).join('\n') },
      ],
      data: { events: events as unknown as Json, next },
    };
  },
});
