import { expect, test } from 'vitest';
import { discordStage } from './discord.ts';
import { FACTS, levelled, recordsOf, trajectoryOf } from './same.ts';
import { slackStage } from './slack.ts';
import { tell } from './tell.ts';

test('one story on both platforms: the same is seen, recorded and traced, but for what the platforms cannot', async () => {
  const [discord, slack] = await Promise.all([discordStage(), slackStage()]);
  const [onDiscord, onSlack] = await Promise.all([tell(discord), tell(slack)]);
  expect(levelled(onSlack)).toEqual(levelled(onDiscord));
  // Each fact is needed: without it the two differ. One that is not is an excuse.
  for (const { what, level } of FACTS)
    expect(
      FACTS.filter((fact) => fact.level !== level).reduce((all, fact) => all.map(fact.level), onSlack),
      what,
    ).not.toEqual(
      FACTS.filter((fact) => fact.level !== level).reduce((all, fact) => all.map(fact.level), onDiscord),
    );

  for (const stage of [discord, slack])
    await expect
      .poll(async () => (await stage.world.records('chat.closed')).length, { timeout: 20_000 })
      .toBe((await stage.world.records('chat.posted')).filter(({ body }) => body.job !== undefined).length);
  expect(await recordsOf(slack)).toEqual(await recordsOf(discord));
  expect(await trajectoryOf(slack)).toEqual(await trajectoryOf(discord));
  discord.refused();
  slack.refused();
}, 300_000);
