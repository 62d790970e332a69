import { own } from '../../own.ts';
import { chatProjection } from '../projection.ts';
import type { CardSource } from './card.ts';
import { pictureOf } from './picture.ts';

/** What an alert channel of kind `chat` sends: alerts with their routes and silences, the weekly report, the notify step. */
export const said: CardSource = {
  types: ['chat.said'],
  async cards(record, deps) {
    if (record.type !== 'chat.said') return [];
    const { message, topic, tone, title, text, picture: digest } = record.body;
    // The same message tried again is the same message.
    if (own(deps.state.get(chatProjection).opened.by, `said:${message}`) !== record.seq) return [];
    const picture = digest === undefined ? undefined : await pictureOf({ name: 'chart', digest }, deps);
    return [
      {
        topic,
        tone,
        title,
        blocks: text === '' ? [] : [{ type: 'text', text }],
        ...(picture === undefined ? {} : { picture }),
      },
    ];
  },
};
