import { expect, test } from 'vitest';
import { buttonsOf, scene, textOf } from './rig.ts';

const TIMEOUT = { timeout: 40_000 };

test('a job that prints 10,000 lines: at most an edit a second, the last state shown, no error from Discord', async () => {
  const chatty = `---
runbook: chatty
title: Say much
action: run
timeout: 2m
---
\`\`\`sh { name=say }
for i in $(seq 1 100); do seq $((i * 100 - 99)) $((i * 100)); sleep 0.04; done
head -c 6000 /dev/zero | tr '\\0' 'y'; echo
echo 'שלום 👩‍🚒 @everyone \`\`\` <@1>'
\`\`\`
`;
  const { discord, world, ops, ana, log } = await scene({ runbooks: { 'chatty.md': chatty } });
  const plan = await (
    await ana.slash(ops, '/reeve run', { runbook: 'chatty', project: 'shop', env: 'dev' })
  ).reply();
  await ana.click(plan, 'Confirm exactly this');
  const live = await discord.changes.until(
    () => ana.sees(ops).find((m) => textOf(m).includes('passed')),
    'end',
    60_000,
  );
  await expect.poll(() => world.records('chat.closed'), TIMEOUT).toHaveLength(1);
  const states = [...live.history.map(({ until }) => until), discord.clock.now()];
  const took = ((states.at(-1) ?? 0) - live.createdAt) / 1000;
  expect(live.history.length).toBeLessThanOrEqual(Math.ceil(took) + 1);
  expect(textOf(live)).toContain('שלום 👩‍🚒');
  expect(textOf(live)).not.toMatch(/@everyone|<@1>.*passed/);
  expect(live.pings).toEqual({ everyone: false, users: [], roles: [] });
  // The line of 6,000 is in what is attached, or said to be that long.
  expect(textOf(live)).toMatch(/\(\d{4} characters\)/);
  expect(log.filter((line) => line.startsWith('error'))).toEqual([]);
  discord.refusals.none();
});

test('attack 31: an interaction that Discord delivers twice is one job', async () => {
  const { discord, world, ops, ana } = await scene();
  discord.gateway.duplicateNext(2);
  const plan = await (await ana.slash(ops, '/reeve deploy', { project: 'shop', env: 'dev' })).reply();
  await ana.click(plan, 'Confirm exactly this');
  // And once more by the person, whose client still shows the button.
  await ana.click(plan, 'Confirm exactly this', { unchecked: true });
  await discord.changes.until(
    () => ana.sees(ops).find((m) => textOf(m).includes('passed')),
    'the end',
    40_000,
  );
  expect(await world.records('job.queued')).toHaveLength(1);
  expect(await world.records('chat.relayed')).toHaveLength(1);
  expect(await world.records('chat.pressed')).toHaveLength(1);

  // What everybody is told they are told once: the answer, and the message of the incident.
  const open = () => ana.sees(ops).filter(({ ephemeralFor }) => ephemeralFor === undefined);
  const before = open().length;
  discord.gateway.duplicateNext();
  const incident = { title: 'Slow again', project: 'shop', env: 'prod' };
  await ana.slash(ops, '/reeve incidents open', incident);
  await discord.changes.until(() => open().length >= before + 2, 'both', 40_000);
  await (await ana.slash(ops, '/reeve status')).reply();
  expect(open()).toHaveLength(before + 2);
  expect(await world.records('incident.opened')).toHaveLength(1);
});

test('a flood of one person is refused politely, and others are answered', async () => {
  const { discord, world, ops, ana, ben } = await scene();
  const turns = await Promise.all(Array.from({ length: 14 }, () => ana.slash(ops, '/reeve status')));
  const texts = await Promise.all(turns.map(async (turn) => textOf(await turn.reply())));
  expect(texts.filter((text) => text.includes('faster than can be answered'))).toHaveLength(4);
  expect(texts.filter((text) => text.includes('Nothing of this one was done'))).toHaveLength(4);
  expect(textOf(await (await ben.slash(ops, '/reeve status')).reply())).toContain('test');
  expect(await world.records('chat.relayed')).toHaveLength(0);
  discord.refusals.none();
});

test('what a person sees and may do: help and completion are theirs, commands beyond them are refused with a way on', async () => {
  const { discord, ops, vic, ana } = await scene();
  const help = async (who: typeof vic) => {
    const message = await (await who.slash(ops, '/reeve help')).reply();
    const [file] = message.attachments;
    const text =
      file === undefined ? '' : discord.world.files.get(new URL(file.url).pathname)?.bytes.toString('utf8');
    return textOf(message) + (text ?? '');
  };
  expect(await help(vic)).not.toContain('deploy:');
  expect(await help(ana)).toContain('deploy:');
  const lines = await vic.autocomplete(ops, '/reeve do', { line: 'jobs' }, 'line');
  expect(lines?.map(({ value }) => value)).toEqual([
    'jobs',
    'jobs list',
    'jobs show',
    'jobs logs',
    'jobs document',
  ]);
  const refused = await (await vic.slash(ops, '/reeve deploy', { project: 'shop', env: 'dev' })).reply();
  expect(textOf(refused)).toContain('vic may not deploy');
  expect(buttonsOf(refused)).toEqual([]);
  const line = await (await ana.slash(ops, '/reeve do', { line: 'jobs list --status FAIL' })).reply();
  expect(line.embeds[0]?.title).toContain('job');
  const wrong = await (await ana.slash(ops, '/reeve do', { line: 'deploy --force' })).reply();
  expect(textOf(wrong)).toContain('confirmed with the button');
});

test('the connection breaks in mid-command, and while one is typed: each is answered, and done once', async () => {
  const { discord, world, ops, ana, log } = await scene();
  const deploy = { project: 'shop', env: 'dev' };
  const letGo = discord.rest.faults.hold('POST /interactions/*');
  const asked = await ana.slash(ops, '/reeve deploy', deploy, { wait: false });
  discord.gateway.drop();
  letGo();
  const plan = await asked.reply();
  expect(buttonsOf(plan)).toEqual(['Confirm exactly this']);
  await expect.poll(() => discord.gateway.connected.length, TIMEOUT).toBe(1);
  // Pressed while there is no connection: Discord keeps it for the session that resumes.
  discord.gateway.drop();
  await ana.click(plan, 'Confirm exactly this');
  await discord.changes.until(() => ana.sees(ops).find((m) => textOf(m).includes('passed')), 'it', 40_000);
  expect((await world.records('chat.relayed')).map(({ body }) => body.command)).toEqual(['deploy']);
  expect(await world.records('chat.pressed')).toHaveLength(1);
  expect(await world.records('job.queued')).toHaveLength(1);
  expect(log.filter((line) => line.startsWith('error'))).toEqual([]);
  discord.refusals.none();
});

test('the connection breaks, the token is taken away: the first heals by itself, the second is said and ends nothing else', async () => {
  const { discord, world, app, ops, ana, log } = await scene();
  discord.gateway.drop();
  discord.gateway.refuseResume();
  await expect.poll(() => discord.gateway.identifies, TIMEOUT).toBe(2);
  expect(textOf(await (await ana.slash(ops, '/reeve status')).reply())).toContain('test');
  discord.revokeToken(app);
  await expect.poll(() => log.includes('refused'), TIMEOUT).toBe(true);
  expect(log.join('\n')).not.toContain(app.token);
  const job = await world.as('ana', {
    command: 'deploy',
    args: { project: 'shop', env: 'dev' },
    force: true,
  });
  expect(await world.end(job)).toBe('PASS');
});
