import { readFile } from 'node:fs/promises';
import { expect, onTestFinished, test } from 'vitest';
import { alive, Place, until } from '../helpers/daemon.ts';
import { RUNBOOKS } from '../helpers/app.ts';
import { textOf } from '../bots/discord/rig.ts';
import { startDiscord } from '../standins/discord/index.ts';

/** Processes that this one started and that run the bot. */
async function botsOf(pid: number): Promise<number[]> {
  const children = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8').catch(() => '');
  const found = [];
  for (const child of children.split(' ').filter(Boolean)) {
    const command = await readFile(`/proc/${child}/cmdline`, 'utf8').catch(() => '');
    if (command.includes('bots/discord/main.ts')) found.push(Number(child));
  }
  return found;
}

test('a daemon keeps its bot: started when it can be, again when it was killed, ended when it may not, gone with the daemon', async () => {
  const discord = await startDiscord();
  onTestFinished(() => discord.close());
  const app = discord.addApp('reeve');
  const guild = discord.addGuild('acme');
  const ops = discord.addChannel(guild, 'ops');
  const ana = discord.addMember(guild, 'ana');
  discord.install(app, guild);
  const place = await Place.make({
    runbooks: RUNBOOKS,
    estate: `version: 1
estate: { name: test }
people:
  ana: { roles: [operator], discord: ['${ana.id}'] }
projects: { shop: { environments: { dev: {} } } }
chat:
  discord: { guild: "${guild.id}", application: "${app.id}", channels: { default: "${ops.id}" } }
`,
  });
  onTestFinished(() => place.close());
  const daemon = await place.start({ through: ['env', `REEVE_DISCORD_API=${discord.api}`] });
  expect((await place.json(['chat', 'setup', 'discord'])).data).toMatchObject({ missing: ['discord_token'] });
  expect(await botsOf(daemon.pid)).toEqual([]);
  expect((await place.json(['secret', 'set', 'discord_token', '--value', app.token])).exit).toBe(0);

  /** The answer of the nth bot. What is asked before it has logged in is Discord's to refuse, after seconds. */
  const answers = async (nth: number): Promise<string> => {
    await until(() => discord.gateway.identifies === nth && app.commands.has(guild.id));
    return textOf(await (await ana.slash(ops, '/reeve status')).reply());
  };
  await until(async () => (await botsOf(daemon.pid)).length === 1);
  const [first = 0] = await botsOf(daemon.pid);
  expect(await answers(1)).toContain('test');

  process.kill(first, 'SIGKILL');
  await until(async () => (await botsOf(daemon.pid)).some((pid) => pid !== first));
  const [second = 0] = await botsOf(daemon.pid);
  expect(await answers(2)).toContain('test');

  // Whoever holds the credential no more relays nothing, and does not run.
  expect((await place.json(['chat', 'remove', 'discord', '--force'])).exit).toBe(0);
  await until(async () => !(await alive(second)));
  expect(await botsOf(daemon.pid)).toEqual([]);
  expect((await place.json(['chat', 'setup', 'discord'])).exit).toBe(0);
  await until(async () => (await botsOf(daemon.pid)).length === 1);
  const [third = 0] = await botsOf(daemon.pid);
  expect(await answers(3)).toContain('test');

  // Killed, the daemon takes its bot with it.
  await daemon.end('SIGKILL');
  await until(async () => !(await alive(third)));
  const log = await readFile(`${place.home}/reeve.log`, 'utf8');
  expect(log).toContain('a bot ended and is started again');
  expect(log).not.toContain(app.token);
}, 150_000);
