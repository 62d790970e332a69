import { expect, test } from 'vitest';
import { scene, textOf, type Scene } from './rig.ts';
import type { Message } from '../../standins/discord/world.ts';

/** A message of the bot as it would stand in the direct conversation with this person. */
function copied({ discord, ana }: Scene, message: Message): Message {
  const direct = ana.dm();
  const { ephemeralFor: _, guildId: _guild, ...plain } = message as Message & { guildId?: string };
  return discord.messages.post(direct, { ...plain, id: discord.world.id(), channelId: direct.id, flags: 0 });
}

test('attack 42: by direct message, on slash, button, form and menu: refused with a record, and nothing is used up', async () => {
  const on = await scene();
  const { discord, world, app, guild, ops, ana } = on;
  const said = 'not heard in direct messages';
  const dev = await (await ana.slash(ops, '/reeve deploy', { project: 'shop', env: 'dev' })).reply();
  const staging = await (await ana.slash(ops, '/reeve deploy', { project: 'shop', env: 'staging' })).reply();
  app.commands.set('global', app.commands.get(guild.id) ?? []);
  const slash = await ana.slash(ana.dm(), '/reeve status', {}, { unchecked: true });
  expect(textOf(await slash.reply())).toContain(said);
  const button = await ana.click(copied(on, dev), 'Confirm exactly this');
  expect(textOf(await button.reply())).toContain(said);
  const form = await ana.click(copied(on, staging), 'Confirm exactly this');
  expect(textOf(await (await ana.submit(form, { typed: 'staging' })).reply())).toContain(said);
  const menu = { type: 3, custom_id: 'btn_menu', placeholder: 'menu', options: [{ label: 'a', value: 'a' }] };
  const forged = Object.assign(copied(on, dev), { components: [{ type: 1, components: [menu] }] });
  expect(textOf(await (await ana.select(forged, 'menu', ['a'])).reply())).toContain(said);
  expect((await world.records('admission.refused')).map(({ body }) => body.error.code)).toEqual(
    Array(4).fill('CHAT_DIRECT'),
  );
  expect(await world.records('chat.pressed')).toEqual([]);
  // Where it was made it still works.
  await ana.click(dev, 'Confirm exactly this');
  await discord.changes.until(() => ana.sees(ops).find((m) => textOf(m).includes('passed')), 'it', 40_000);
});

test('attack 42: a bot that uses a command is told that bots are not heard, with a record, whoever it belongs to', async () => {
  const { discord, world, guild, ops } = await scene();
  const robot = discord.addMember(guild, discord.addUser('robot', { bot: true }));
  const asked = await robot.slash(ops, '/reeve status');
  expect(textOf(await asked.reply())).toContain('Commands of bots and webhooks are not heard');
  const [refused] = await world.records('admission.refused');
  expect(refused?.body).toMatchObject({ actor: { account: robot.id }, error: { code: 'CHAT_BOT_ACCOUNT' } });
});
