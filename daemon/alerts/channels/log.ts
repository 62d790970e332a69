import { z } from 'zod';
import { channelKind } from '../channel.ts';

const LEVEL = { good: 'info', info: 'info', warn: 'warn', bad: 'error' } as const;

/** Writes into the daemon's own log: for a start, and for a record beside other channels. */
export const log = channelKind({
  kind: 'log',
  summary: "Writes into the daemon's log.",
  schema: z.strictObject({}),
  example: '# has no keys of its own',
  secrets: () => [],
  open(_options, { log }) {
    return {
      send(notice) {
        const { id, event, title, text, alerts, others } = notice;
        log(LEVEL[notice.tone], title, {
          message: id,
          event,
          ...(text === '' ? {} : { text }),
          ...(alerts.length === 0 ? {} : { alerts: alerts.map(({ key }) => key), others }),
        });
        return Promise.resolve();
      },
    };
  },
});
