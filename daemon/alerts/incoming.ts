import { z } from 'zod';
import { Slug } from '../../contracts/ids.ts';
import { channelKind, type Notice } from './channel.ts';
import { post } from './post.ts';

/** A chat platform's incoming webhook: it takes a JSON body of its own form at an address that is a secret. */
export const incomingWebhook = (kind: {
  kind: string;
  summary: string;
  example: string;
  body(notice: Notice): object;
}) =>
  channelKind({
    kind: kind.kind,
    summary: kind.summary,
    example: kind.example,
    schema: z.strictObject({
      /** Name of the secret with the webhook's URL: whoever knows the URL can post. */
      url_secret: Slug,
    }),
    secrets: ({ url_secret }) => [url_secret],
    open({ url_secret }, { clock, secrets, allowed }) {
      return {
        async send(notice, signal) {
          const url = (await secrets.get(url_secret)).trim();
          const body = JSON.stringify(kind.body(notice));
          await post({ url, body }, { allowed: allowed(), signal, now: clock.now() });
        },
      };
    },
  });
