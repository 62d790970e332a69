import { GatewayIntentBits as Intent } from 'discord-api-types/v10';
import { expect, test } from 'vitest';
import { until } from '../../helpers/daemon.ts';
import { described, linearBeside } from '../linear.ts';
import { scene, textOf } from './rig.ts';

const MENU = 'Capture as issue';
const READS = { privilegedIntents: Intent.MessageContent };

test('one draft for a message: delivered twice, chosen twice, after a restart', async () => {
  const { discord, world, ops, ana, vic, again } = await scene(READS);
  const linear = await linearBeside(world);
  const said = vic.say(ops, 'the export is hidden');
  discord.gateway.duplicateNext();
  const first = await ana.menu(said, MENU);
  expect(textOf(await first.followup())).toContain('Captured as OPS-1');
  const second = await ana.menu(said, MENU);
  expect(textOf(await second.followup())).toContain('captured before, as OPS-1');
  expect(linear.world.issues).toHaveLength(1);
  expect(await world.records('linear.queued')).toHaveLength(1);
  // A command is one interaction: once for each delivery, and another each time.
  discord.gateway.duplicateNext();
  await (await ana.slash(ops, '/reeve capture', { text: 'twice' })).followup();
  await (await ana.slash(ops, '/reeve capture', { text: 'twice' })).followup();
  expect(linear.world.issues.map(({ title }) => title)).toEqual(['the export is hidden', 'twice', 'twice']);
  // The daemon knows of it after a restart, too.
  await world.restart();
  await again();
  const third = await ana.menu(said, MENU);
  expect(textOf(await third.followup())).toContain('captured before, as OPS-1');
  expect(linear.world.issues).toHaveLength(3);
});

test('while Linear is away it is kept, and says so; then it is sent once, with all that was said', async () => {
  const { world, ops, ana, vic } = await scene(READS);
  const linear = await linearBeside(world);
  ana.say(ops, 'where is it?');
  const said = vic.say(ops, 'the export is hidden');
  await linear.close();
  expect(textOf(await (await ana.menu(said, MENU)).followup())).toContain(
    'Linear gets it as soon as it answers',
  );
  expect(textOf(await (await ana.menu(said, MENU)).followup())).toContain('captured before; Linear gets it');
  await linear.listen();
  await world.as('root', { command: 'linear retry' });
  await until(async () => linear.world.issues.length > 0 && (await world.records('linear.done')).length > 0);
  expect(linear.world.issues).toHaveLength(1);
  expect(described(linear)[0]).toContain('> where is it?');
});

test('attack 41, attack 42: from elsewhere, by direct message, of a changed message, by nobody, without the role: refused with a record, and nothing is read', async () => {
  const on = await scene(READS);
  const { discord, world, app, guild, ops, ana, vic, stranger } = on;
  const linear = await linearBeside(world);
  const said = vic.say(ops, 'the export is hidden');
  const refused = async (turn: Promise<Awaited<ReturnType<typeof ana.menu>>>): Promise<string> =>
    textOf(await (await turn).reply());

  expect(await refused(vic.menu(said, MENU))).toContain('FORBIDDEN');
  expect(await refused(stranger.menu(said, MENU))).toContain('PERSON');
  const robot = discord.addMember(guild, discord.addUser('robot', { bot: true }));
  expect(await refused(robot.menu(said, MENU))).toContain('BOT');
  const changed = vic.edit(vic.say(ops, 'one thing'), 'another');
  expect(await refused(ana.menu(changed, MENU))).toContain('EDITED');
  app.commands.set('global', app.commands.get(guild.id) ?? []);
  const direct = ana.say(ana.dm(), 'psst');
  expect(await refused(ana.menu(direct, MENU))).toContain('DIRECT');
  const elsewhere = discord.addGuild('elsewhere');
  discord.install(app, elsewhere);
  const there = discord.addChannel(elsewhere, 'ops');
  const guest = discord.addMember(elsewhere, 'guest');
  const foreign = guest.say(there, 'here');
  expect(await refused(guest.menu(foreign, MENU))).toContain('PLACE');

  const codes = (await world.records('admission.refused')).map(({ body }) => body.error.code);
  expect(codes).toEqual([
    'FORBIDDEN',
    'PERSON_UNKNOWN',
    'CHAT_BOT_ACCOUNT',
    'CHAT_EDITED',
    'CHAT_DIRECT',
    'CHAT_PLACE',
  ]);
  expect(linear.asked).toEqual([]);
  expect(await world.records('linear.queued')).toEqual([]);
  // For none of them the bot has read what others said.
  expect(
    discord.rest.calls.filter(({ method, path }) => method === 'GET' && path.endsWith('/messages')),
  ).toEqual([]);
});

test('the same by signed requests', async () => {
  const { world, ops, ana, vic } = await scene({ transport: 'http', ...READS });
  const linear = await linearBeside(world);
  const said = vic.say(ops, 'the export is hidden');
  expect(textOf(await (await ana.menu(said, MENU)).followup())).toContain('Captured as OPS-1');
  expect(described(linear)[0]).toContain('> the export is hidden');
});
