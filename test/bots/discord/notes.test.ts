import { GatewayIntentBits as Intent, PermissionFlagsBits as P } from 'discord-api-types/v10';
import { expect, test } from 'vitest';
import type { Message } from '../../standins/discord/world.ts';
import { scene, textOf, type Scene } from './rig.ts';

const WAIT = { timeout: 30_000 };
const READS = { hurry: 200, privilegedIntents: Intent.MessageContent };

/** The first message in the thread of this one. */
const firstIn = (discord: Scene['discord'], { threadId = '' }: Message): string | undefined =>
  discord.world.messagesIn(threadId)[0]?.content;

/** Opens an incident; its message, once its thread is there. */
async function incident({ world, discord, ana, ops }: Scene): Promise<Message> {
  await world.as('ana', { command: 'incidents open', args: { title: 'Dark', project: 'shop', env: 'dev' } });
  return discord.changes.until(
    () => ana.sees(ops).find((m) => textOf(m).includes('Open: Dark') && firstIn(discord, m) !== undefined),
    'the thread',
    40_000,
  );
}

const threadOf = ({ discord }: Scene, { threadId = '' }: Message) => {
  const thread = discord.world.channels.get(threadId);
  if (thread === undefined) throw new Error('no thread');
  return thread;
};

const notes = async ({ world }: Scene): Promise<string[]> =>
  (await world.records('incident.noted')).map(({ body }) => `${body.by}: ${body.text}`);

const marked = ({ discord }: Scene, message: Message, mark: string) =>
  discord.changes.until(() => message.reactions.has(mark), `${mark} at "${message.content}"`, 30_000);

test('what people write in the thread of an incident becomes notes, marked; who may not write any is told by a mark', async () => {
  const on = await scene(READS);
  const { discord, guild, world, ana, ben, stranger, ops } = on;
  const card = await incident(on);
  const thread = threadOf(on, card);
  expect(thread.name).toBe('Dark');
  expect(firstIn(discord, card)).toContain('is kept in the timeline of the incident');

  await marked(on, ana.say(thread, `the pool was at its limit @everyone <@${ben.id}> **bold**`), '📝');
  // An approver may not work there; a stranger is nobody; another bot is no person.
  await marked(on, ben.say(thread, 'looks fine to me'), '🚫');
  await marked(on, stranger.say(thread, 'buy now'), '🚫');
  await marked(on, stranger.say(thread, 'buy now, again'), '🚫');
  const other = discord.addMember(guild, discord.addUser('other-bot', { bot: true }));
  await marked(on, other.say(thread, 'beep'), '🚫');
  ana.say(ops, 'elsewhere');
  await marked(on, ana.say(thread, 'restarted it'), '📝');
  expect(await notes(on)).toEqual([
    `ana: the pool was at its limit @everyone <@${ben.id}> **bold**`,
    'ana: restarted it',
  ]);
  const refused = (await world.records('admission.refused')).map(({ body }) => body.error.code);
  expect(refused).toEqual(['FORBIDDEN', 'PERSON_UNKNOWN', 'CHAT_BOT_ACCOUNT']);
  const shown = await ana.slash(ops, '/reeve do', {
    line: `incidents show ${(await world.records('incident.opened'))[0]?.body.id ?? ''}`,
  });
  const reply = await shown.reply();
  expect(textOf(reply)).toContain('the pool was at its limit');
  expect(reply.pings).toEqual({ everyone: false, users: [], roles: [] });
  discord.refusals.none();
});

test('away, restarted, doubled: each message is one note; one that was changed before it was read is none', async () => {
  const on = await scene(READS);
  const { world, bot, ana, again } = on;
  const thread = threadOf(on, await incident(on));
  const first = ana.say(thread, 'one');
  await marked(on, first, '📝');
  await bot.stop();
  ana.say(thread, 'two');
  const changed = ana.edit(ana.say(thread, 'thre'), 'three');
  await world.restart();
  // Two processes at once, as when an old one has not ended yet.
  await Promise.all([again(), again()]);
  await marked(on, ana.say(thread, 'four'), '📝');
  await marked(on, changed, '🚫');
  ana.edit(first, 'one, but later');
  await marked(on, ana.say(thread, 'five'), '📝');
  expect(await notes(on)).toEqual(['ana: one', 'ana: two', 'ana: four', 'ana: five']);
});

test('attack 42: what a webhook writes is no note, whichever name and id it bears', async () => {
  const on = await scene(READS);
  const { discord, world, ana } = on;
  const card = await incident(on);
  const thread = threadOf(on, card);
  const id = discord.world.id();
  const author = { id: ana.id, username: 'ana', bot: false };
  const body = [{ id, type: 0, author, webhook_id: discord.world.id(), content: 'buy now', attachments: [] }];
  discord.rest.faults.plan(`GET /channels/${thread.id}/messages`, {
    kind: 'answer',
    answer: { status: 200, body },
  });
  await expect.poll(() => world.records('admission.refused'), WAIT).toHaveLength(1);
  expect((await world.records('admission.refused'))[0]?.body.error.code).toBe('CHAT_BOT_ACCOUNT');
  expect(await notes(on)).toEqual([]);
});

test('without the intent nothing is noted, which is said in the thread; the log says it once, and everything else goes on', async () => {
  const on = await scene({ hurry: 200 });
  const { discord, ana, ops, log, world } = on;
  const card = await incident(on);
  const thread = threadOf(on, card);
  expect(firstIn(discord, card)).toContain('/reeve incidents note keeps something');
  const said = ana.say(thread, 'unheard');
  await expect.poll(() => log.filter((line) => line.includes('keeps the texts')).length, WAIT).toBe(1);
  const id = (await world.records('incident.opened'))[0]?.body.id ?? '';
  await (await ana.slash(thread, '/reeve do', { line: `incidents note ${id} "by command"` })).reply();
  await expect.poll(() => notes(on), WAIT).toEqual(['ana: by command']);
  expect(log.filter((line) => line.includes('keeps the texts'))).toHaveLength(1);
  expect(said.reactions.size).toBe(0);
  expect(ana.sees(ops).length).toBeGreaterThan(0);
  // Switched on later, what was written meanwhile is noted.
  on.app.privilegedIntents = Intent.MessageContent;
  await marked(on, said, '📝');
  discord.refusals.none();
});

test('a channel in which no thread may be made, a mark that may not be set: the incident is told, and notes are taken', async () => {
  const on = await scene(READS);
  const { discord, world, app, ana, ops, log } = on;
  discord.deny(ops, app.id, P.CreatePublicThreads | P.AddReactions);
  await world.as('ana', { command: 'incidents open', args: { title: 'Dark', project: 'shop', env: 'dev' } });
  const card = await discord.changes.until(
    () => ana.sees(ops).find((m) => textOf(m).includes('Open: Dark')),
    'it',
    40_000,
  );
  await expect.poll(() => log.some((line) => line.includes('opening a thread')), WAIT).toBe(true);
  expect(card.threadId).toBeUndefined();
  await expect.poll(async () => (await world.records('chat.posted')).length, WAIT).toBe(1);
});
