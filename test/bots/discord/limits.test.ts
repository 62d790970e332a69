import { Client, RESTEvents, Routes } from 'discord.js';
import { expect, onTestFinished, test } from 'vitest';
import { interactionClient } from '../../../bots/discord/options.ts';
import { startDiscord } from '../../standins/discord/index.ts';

/** More than discord.js lets a bot ask in a second. */
const MANY = 120;

/** What discord.js held back of `MANY` answers to interactions at once, with these options. */
async function heldBack(options: (api: string) => Client): Promise<{ global: boolean }[]> {
  const discord = await startDiscord();
  onTestFinished(() => discord.close());
  const app = discord.addApp('reeve');
  const client = options(discord.api);
  onTestFinished(() => client.destroy());
  client.rest.setToken(app.token);
  const limited: { global: boolean }[] = [];
  client.rest.on(RESTEvents.RateLimited, (info) => limited.push(info));
  // Nobody asked, so each is refused: that it was sent is what counts.
  const answers = Array.from({ length: MANY }, (_, i) =>
    client.rest.patch(Routes.webhookMessage(app.id, `token-${i}`), { body: { content: 'done' } }),
  );
  const results = await Promise.allSettled(answers);
  expect(results.map(({ status }) => status)).not.toContain('fulfilled');
  return limited;
}

test('answers to interactions do not wait for a limit that Discord does not put on them; discord.js alone lets them wait', async () => {
  expect(await heldBack((api) => new Client(interactionClient(api)))).toEqual([]);
  const alone = await heldBack((api) => new Client({ intents: [], rest: { api } }));
  expect(alone.some(({ global }) => global)).toBe(true);
});

test('a limit for the whole bot that Discord itself tells of is kept', async () => {
  const discord = await startDiscord();
  onTestFinished(() => discord.close());
  const app = discord.addApp('reeve');
  const client = new Client(interactionClient(discord.api));
  onTestFinished(() => client.destroy());
  client.rest.setToken(app.token);
  const limited: boolean[] = [];
  client.rest.on(RESTEvents.RateLimited, ({ global }) => limited.push(global));
  discord.rest.faults.plan('GET /users/@me', {
    kind: 'answer',
    answer: discord.limits.refusal(300, 'global'),
  });
  await expect(client.rest.get(Routes.user())).resolves.toMatchObject({ id: app.id });
  expect(limited).toEqual([true]);
});
