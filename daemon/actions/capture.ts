import { z } from 'zod';
import { arg } from '../args.ts';
import { adminAction } from '../ports/actions.ts';
import type { Conversation } from '../ports/door.ts';

/** How much of a conversation stands in a draft. */
const HEARS = { menu: 'Capture as issue', messages: 20, within: 2 * 3_600_000 };

export const capture = adminAction({
  name: 'capture',
  type: 'capture_feedback',
  summary: 'Keep what somebody said as a draft issue in Linear',
  description:
    'The issue waits in triage (or the backlog) of the team in reeve.yaml until somebody looks at it. In chat what was said there stands in it, too: the newest 20 messages of two hours, or the thread. While Linear does not answer it is kept here and sent later.',
  group: 'Linear',
  verb: 'run',
  hears: HEARS,
  args: z.object({
    text: arg
      .string('what was said; its first line is the title. In chat: else what was said last', {
        position: 0,
        max: 3000,
      })
      .optional(),
    context: arg.string('what was said before, or where', { max: 3000 }).optional(),
  }),
  examples: [
    'capture "the export button is hard to find"',
    'capture "the export is slow" --context "ana: it took a minute with 4,000 rows"',
  ],
  async run({ linear, caller }, { text = '', context = '' }) {
    const via = caller.account === '' ? caller.via : `${caller.via} ${caller.account}`;
    const { conversation } = caller;
    const { issue, identifier, url, again, missing } = await linear.capture({
      text,
      context,
      by: caller.person,
      via,
      conversation,
    });
    return {
      title: again
        ? `📌 This was captured before${identifier === null ? '; Linear gets it as soon as it answers' : `, as ${identifier}`}`
        : identifier === null
          ? '📌 Kept; Linear gets it as soon as it answers'
          : `📌 Captured as ${identifier}`,
      tone: identifier === null ? 'warn' : again ? 'info' : 'good',
      blocks: [
        ...(url === null
          ? [{ type: 'hint' as const, text: 'See what waits: reeve linear status' }]
          : [{ type: 'fields' as const, fields: [{ label: 'Draft', value: url }] }]),
        ...(again ? [] : heard(conversation)),
        ...(again || missing === null ? [] : [{ type: 'hint' as const, text: `Not in it: ${missing}.` }]),
      ],
      data: { issue, identifier, url },
      targets: [{ kind: 'issue', id: issue }],
    };
  },
});

const heard = (conversation: Conversation | undefined) =>
  conversation === undefined || conversation.before.length === 0
    ? []
    : [
        {
          type: 'fields' as const,
          fields: [
            {
              label: conversation.thread ? 'Of the thread' : 'Said before',
              value: conversation.before.length,
            },
          ],
        },
      ];
