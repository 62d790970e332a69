import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { fail } from '../../../contracts/errors.ts';
import { Daemon } from '../../../bots/link/client.ts';
import { tellPosts } from '../../../bots/link/loops.ts';
import { discordMarkup } from '../../../bots/dispatch/markup/discord.ts';
import { DISCORD_VIEW } from '../../../bots/dispatch/view.ts';
import { catalogueWith } from '../catalogue.ts';

test('a bot that is refused again and again asks ever more rarely', async () => {
  let asked = 0;
  const server = createServer((_, response) => {
    asked += 1;
    const refusal = fail('TOKEN_INVALID').toResponse();
    response.writeHead(refusal.status, { 'content-type': 'application/json' }).end(JSON.stringify(refusal));
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  onTestFinished(() => void server.close());
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const daemon = new Daemon({ at: { url }, token: 'reevebot1.void' });
  onTestFinished(() => daemon.close());

  const stop = new AbortController();
  let now = 0;
  const never = (): never => {
    throw new Error('nothing is to be said');
  };
  await tellPosts(
    {
      daemon,
      messenger: { send: never, change: never },
      markup: discordMarkup,
      limits: DISCORD_VIEW,
      catalogue: catalogueWith,
      pace: {
        monotonic: () => now,
        async sleep(ms) {
          now += ms;
          if (now > 10 * 60_000) stop.abort();
          await Promise.resolve();
        },
      },
      draw: never,
      threads: { open: never },
      now: () => now,
      signal: stop.signal,
      failed: () => undefined,
    },
    never,
  );
  // Half a minute apart once it has been refused some times: ten minutes hold about twenty-five of them.
  expect(asked).toBeGreaterThan(5);
  expect(asked).toBeLessThan(40);
});
