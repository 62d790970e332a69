import { z } from 'zod';
import { ReeveError } from '../../../contracts/errors.ts';
import { ChatTopic } from '../../../contracts/estate/chat.ts';
import { ChannelProblem, channelKind } from '../channel.ts';
import { facts, othersLine } from '../words.ts';

/** Said by Reeve's own bots: with buttons' worth of context where people already are, and sent only when a bot has posted it. */
export const chat = channelKind({
  kind: 'chat',
  summary: 'Said by the bots of `chat:`, in the channel of a topic.',
  schema: z.strictObject({ topic: ChatTopic.default('alerts') }),
  example: 'topic: alerts # the channel is named under chat: channels:',
  secrets: () => [],
  // What a bot is to say stands in the ledger; whether it has, too.
  resumes: true,
  open({ topic }, { say }) {
    return {
      async send({ id, tone, title, text, picture, alerts, others, hints }, signal) {
        const parts = [
          text,
          ...alerts.map((alert) =>
            [alert.title, alert.text, ...facts(alert)].filter((line) => line !== '').join('\n'),
          ),
          ...(others > 0 ? [othersLine(others)] : []),
          ...hints,
        ];
        const whole = parts.filter((part) => part !== '').join('\n\n');
        try {
          const said = { message: id, topic, tone, title, text: whole.slice(0, 16_000) };
          await say(picture === undefined ? said : { ...said, picture }, signal);
        } catch (error) {
          if (!(error instanceof ReeveError)) throw error;
          throw new ChannelProblem(error.message, { cause: error });
        }
      },
    };
  },
});
