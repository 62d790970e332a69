import { expect, test } from 'vitest';
import { until } from '../../helpers/daemon.ts';
import { MORE, TOPICS, happen, headIn, shippedBooks } from '../topics.ts';
import { slackRig, textOf } from './rig.ts';

test('alerts, incidents, the weekly report and the signed heads are each told in their channel, the heads by slots', async () => {
  const rig = await slackRig({ topics: TOPICS, more: MORE, runbooks: await shippedBooks() });
  const { slack, world, topics, ben, ops } = rig;
  const seen = (topic: (typeof TOPICS)[number], words: string) =>
    slack.until(
      () => ben.sees(topics.get(topic) ?? ops).find((m) => textOf(m).includes(words)),
      `${topic}: ${words}`,
    );
  await happen(world);
  await seen('incidents', 'Open: Dark');
  await seen('alerts', 'Dark');
  expect(textOf(await seen('reports', 'shop: week of '))).toContain(
    'grimoires/loa/deployment/reports/weekly-',
  );
  const head = headIn(textOf(await seen('heads', 'records')));
  await until(async () =>
    (await world.records('ledger.anchored')).some(
      ({ body }) =>
        body.size === head.size &&
        body.root === head.root &&
        body.where.startsWith(`slack:${topics.get('heads')?.id}/`),
    ),
  );
  await until(async () => (await world.records('schedule.slot')).some(({ body }) => body.outcome === 'ran'));
  expect(ben.sees(ops).filter(({ appId }) => appId !== undefined)).toEqual([]);
  slack.refusals.none();
});
