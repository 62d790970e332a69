import { expect, test } from 'vitest';
import { MORE, TOPICS, happen, headIn, shippedBooks } from '../topics.ts';
import { scene, textOf } from './rig.ts';

test('alerts, incidents, the weekly report and the signed heads are each told in their channel, the heads by slots', async () => {
  const on = await scene({ topics: TOPICS, more: MORE, runbooks: await shippedBooks() });
  const { discord, world, topics, ana } = on;
  const seen = (topic: (typeof TOPICS)[number], words: string) =>
    discord.changes.until(
      () => ana.sees(topics.get(topic) ?? on.ops).find((m) => textOf(m).includes(words)),
      `${topic}: ${words}`,
      40_000,
    );
  await happen(world);
  await seen('incidents', 'Open: Dark');
  await seen('alerts', 'Dark');
  expect(textOf(await seen('reports', 'shop: week of '))).toContain(
    'grimoires/loa/deployment/reports/weekly-',
  );
  const head = headIn(textOf(await seen('heads', 'records')));
  await expect
    .poll(async () => (await world.records('ledger.anchored')).map(({ body }) => body), { timeout: 20_000 })
    .toContainEqual({ ...head, where: expect.stringMatching(`^discord:${topics.get('heads')?.id}/`) });
  await expect
    .poll(async () => (await world.records('schedule.slot')).map(({ body }) => body.outcome), {
      timeout: 20_000,
    })
    .toContain('ran');
  expect(ana.sees(on.ops)).toEqual([]);
  discord.refusals.none();
});
