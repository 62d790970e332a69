import { own } from '../../own.ts';
import { chatProjection } from '../projection.ts';
import type { CardSource } from './card.ts';

/** What an alert channel of kind `chat` sends: alerts with their routes and silences, the weekly report, the notify step. */
export const said: CardSource = {
  types: ['chat.said'],
  cards(record, { state }) {
    if (record.type !== 'chat.said') return [];
    const { message, topic, tone, title, text } = record.body;
    // The same message tried again is the same message.
    if (own(state.get(chatProjection).opened.by, `said:${message}`) !== record.seq) return [];
    return [{ topic, tone, title, blocks: text === '' ? [] : [{ type: 'text', text }] }];
  },
};
