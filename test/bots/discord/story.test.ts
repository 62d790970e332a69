import { readFile, readdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { expect, test } from 'vitest';
import { buttonsOf, scene, textOf } from './rig.ts';

const TIMEOUT = { timeout: 40_000 };

const TRANSPORTS = ['gateway', 'http'] as const;

test.each(TRANSPORTS)(
  'a story over %s: status → deploy → plan → the name typed → one live message → the verdict, in ledger and trajectory',
  async (transport) => {
    const { world, discord, ops, ana, ben, log } = await scene({ transport });
    const status = await ana.slash(ops, '/reeve status');
    expect(status.ephemeral).toBe(true);
    expect(textOf(await status.reply())).toContain('test');

    const suggested = await ana.autocomplete(ops, '/reeve deploy', { project: 'sh' }, 'project');
    expect(suggested).toEqual([{ name: 'shop', value: 'shop' }]);
    const turn = await ana.slash(ops, '/reeve deploy', {
      project: 'shop',
      env: 'staging',
      reason: 'release 7',
    });
    const plan = await turn.reply();
    expect(turn.ephemeral).toBe(true);
    expect(textOf(plan)).toContain('>> trace.txt');
    expect(buttonsOf(plan)).toEqual(['Confirm exactly this']);

    // The wrong word starts nothing, and can be put right.
    const wrong = await ana.submit(await ana.click(plan, 'Confirm exactly this'), { typed: 'prod' });
    expect(textOf(await wrong.followup())).toContain('is confirmed by typing its name');
    expect(await world.records('job.queued')).toEqual([]);
    await ana.submit(await ana.click(plan, 'Confirm exactly this'), { typed: 'staging' });

    const live = await discord.changes.until(
      () => ana.sees(ops).find((message) => textOf(message).includes('on shop/staging passed')),
      'the verdict',
      40_000,
    );
    // One message for everybody, that told it all; nothing beside it.
    expect(ben.sees(ops)).toEqual([live]);
    expect(textOf(live)).toContain('✓ leave');
    expect(buttonsOf(plan)).toEqual([]);
    const [queued] = await world.records('job.queued');
    const job = queued?.body.job;
    expect(job).toMatchObject({
      requested_by: 'ana',
      reason: 'release 7',
      anchor: { kind: 'interaction', id: `discord/${turn.interaction.id}` },
    });
    expect((await world.records('job.attempt')).at(-1)?.body.attempt.status).toBe('PASS');
    await expect.poll(() => world.records('chat.closed'), TIMEOUT).toHaveLength(1);
    const folder = path.join(world.root, 'grimoires/loa/a2a/trajectory');
    const trajectory = await Promise.all(
      (await readdir(folder)).map((name) => readFile(path.join(folder, name), 'utf8')),
    );
    expect(trajectory.join('')).toContain(job?.job_id);
    expect(log.filter((line) => !line.startsWith('info'))).toEqual([]);
    discord.refusals.none();
  },
);

test.each(TRANSPORTS)(
  'approved by another person over %s: the card with the plan, a look, approve; the asker is called, the card is settled',
  async (transport) => {
    const { discord, world, ops, approvals, ana, ben } = await scene({ transport });
    const plan = await (await ana.slash(ops, '/reeve deploy', { project: 'shop', env: 'prod' })).reply();
    await ana.click(plan, 'Confirm exactly this');
    const card = await discord.changes.until(() => ben.sees(approvals)[0], 'the card', 40_000);
    expect(card.pings.users).toEqual([ben.id]);
    expect(textOf(card)).toContain('>> trace.txt');
    // Who asked cannot decide.
    expect(textOf(await (await ana.click(card, 'Look and decide')).reply())).toContain(
      'made for somebody else',
    );
    const look = await (await ben.click(card, 'Look and decide')).reply();
    expect(look.ephemeralFor).toBe(ben.id);
    expect(buttonsOf(look)).toEqual(['Approve exactly this', 'Deny']);
    await ben.click(look, 'Approve exactly this');
    const called = await discord.changes.until(
      () => ana.sees(ops).find((message) => message.pings.users.includes(ana.id)),
      'the call',
      40_000,
    );
    expect(textOf(called)).toContain('is approved');
    await discord.changes.until(
      () => ana.sees(ops).find((m) => textOf(m).includes('on shop/prod passed')),
      'the end',
      40_000,
    );
    await discord.changes.until(
      () => buttonsOf(card).length === 0 && textOf(card).includes('is approved'),
      'the card',
      40_000,
    );
    expect((await world.records('grant.approved'))[0]?.body).toMatchObject({ by: 'ben', account: ben.id });
    discord.refusals.none();
  },
);

test.each(TRANSPORTS)(
  'attack 41: refused on slash, button, select and modal, over %s: another guild, a direct message, an account of nobody',
  async (transport) => {
    const { discord, world, app, ops, ana, stranger } = await scene({ transport });
    const plan = await (await ana.slash(ops, '/reeve deploy', { project: 'shop', env: 'staging' })).reply();
    const elsewhere = discord.addGuild('elsewhere');
    discord.addMember(elsewhere, ana);
    discord.install(app, elsewhere);
    app.commands.set(elsewhere.id, app.commands.get(ops.guildId ?? '') ?? []);
    app.commands.set('global', app.commands.get(ops.guildId ?? '') ?? []);
    const other = discord.addChannel(elsewhere, 'ops');
    const slash = async (channel: typeof ops, who = ana) =>
      textOf(
        await (
          await who.slash(channel, '/reeve deploy', { project: 'shop', env: 'dev' }, { unchecked: true })
        ).reply(),
      );
    expect(await slash(other)).toContain('heard in one server only');
    expect(await slash(ana.dm())).toContain('not heard in direct messages');
    expect(await slash(ops, stranger)).toContain('mapped to no person');

    // The same button in a message of the other guild: button, its form, and a menu that nobody made.
    const [row] = plan.components as unknown as { components: { custom_id: string }[] }[];
    const custom = row?.components[0]?.custom_id ?? '';
    const forged = discord.messages.post(other, {
      ...plan,
      id: discord.world.id(),
      channelId: other.id,
      flags: 0,
    });
    delete forged.ephemeralFor;
    const form = await ana.click(forged, custom);
    expect(textOf(await (await ana.submit(form, { typed: 'staging' })).reply())).toContain(
      'heard in one server only',
    );
    const menu = {
      type: 3,
      custom_id: 'btn_menu',
      placeholder: 'menu',
      options: [{ label: 'a', value: 'a' }],
    };
    Object.assign(forged, { components: [{ type: 1, components: [menu] }] });
    expect(textOf(await (await ana.select(forged, 'menu', ['a'])).reply())).toContain(
      'heard in one server only',
    );
    const here = discord.messages.post(ops, { ...forged, id: discord.world.id(), channelId: ops.id });
    expect(textOf(await (await ana.select(here, 'menu', ['a'])).reply())).toContain('does not lead anywhere');

    const codes = (await world.records('admission.refused')).map((r) => r.body.error.code);
    // Before it takes an endpoint Discord sends it a wrong signature.
    expect(codes.filter((code) => code !== 'INTERACTION_UNSIGNED')).toEqual([
      ...['CHAT_PLACE', 'CHAT_DIRECT', 'PERSON_UNKNOWN', 'CHAT_PLACE', 'CHAT_PLACE', 'PRESS_UNKNOWN'],
    ]);
    expect(await world.records('job.queued')).toEqual([]);
  },
);

test('the live message outlives the bot and the daemon, and 15 minutes: its end is shown by another process', async () => {
  const { discord, world, bot, ops, ana, again } = await scene();
  const options = { runbook: 'slow', project: 'shop', env: 'dev' };
  const plan = await (await ana.slash(ops, '/reeve run', options)).reply();
  await ana.click(plan, 'Confirm exactly this');
  const live = await discord.changes.until(
    () => ana.sees(ops).find((message) => textOf(message).includes('▸ first')),
    'the live message',
    40_000,
  );
  await bot.stop();
  discord.clock.advance(16 * 60_000);
  await writeFile(path.join(world.root, 'go'), '');
  await world.app.running.jobs.wait((await world.records('job.queued'))[0]?.body.job.job_id ?? '');
  expect(textOf(live)).not.toContain('passed');
  await world.restart();
  await again();
  await discord.changes.until(() => textOf(live).includes('passed'), 'the end', 40_000);
  expect(ana.sees(ops).filter((message) => message.ephemeralFor === undefined)).toEqual([live]);
});

test('a message deleted while it is live, a channel without permission: given up with a reason, and the rest goes on', async () => {
  const { discord, world, app, ops, approvals, ana, log } = await scene();
  const plan = await (
    await ana.slash(ops, '/reeve run', { runbook: 'slow', project: 'shop', env: 'dev' })
  ).reply();
  await ana.click(plan, 'Confirm exactly this');
  const live = await discord.changes.until(
    () => ana.sees(ops).find((m) => textOf(m).includes('▸ first')),
    'live',
    40_000,
  );
  ana.remove(live);
  discord.deny(approvals, app.id, 1n << 11n);
  const asked = await (await ana.slash(ops, '/reeve deploy', { project: 'shop', env: 'prod' })).reply();
  await ana.click(asked, 'Confirm exactly this');
  await expect
    .poll(async () => (await world.records('chat.posted')).at(-1)?.body.why, TIMEOUT)
    .toContain('Discord: ');
  // That no approver was asked is not missed in silence.
  await expect
    .poll(async () => (await world.records('alert.raised'))[0]?.body, TIMEOUT)
    .toMatchObject({ key: `chat:discord/${approvals.id}`, severity: 'warn' });
  await writeFile(path.join(world.root, 'go'), '');
  await expect
    .poll(async () => (await world.records('chat.closed'))[0]?.body.why, TIMEOUT)
    .toContain('Discord: ');
  const ok = await (await ana.slash(ops, '/reeve deploy', { project: 'shop', env: 'dev' })).reply();
  await ana.click(ok, 'Confirm exactly this');
  await discord.changes.until(
    () => ana.sees(ops).find((m) => textOf(m).includes('on shop/dev passed')),
    'the next',
    40_000,
  );
  expect(log.filter((line) => line.startsWith('error'))).toEqual([]);
});

test('Discord is away and comes back: nothing is lost, nothing is said twice; a command waits for a daemon that restarts', async () => {
  const { discord, world, ops, ana } = await scene();
  const plan = await (await ana.slash(ops, '/reeve deploy', { project: 'shop', env: 'dev' })).reply();
  await ana.click(plan, 'Confirm exactly this');
  await discord.changes.until(
    () => ana.sees(ops).find((m) => textOf(m).includes('passed')),
    'the first',
    40_000,
  );
  await discord.goDown();
  await world.as('ana', { command: 'incidents open', args: { title: 'Dark', project: 'shop', env: 'dev' } });
  await discord.comeBack();
  await discord.changes.until(
    () => ana.sees(ops).find((m) => textOf(m).includes('Open: Dark')),
    'the incident',
    60_000,
  );
  expect(ana.sees(ops).filter((m) => textOf(m).includes('Open: Dark'))).toHaveLength(1);

  await world.app.stop('test');
  const turn = await ana.slash(ops, '/reeve status', {}, { wait: false });
  await world.restart();
  expect(textOf(await turn.reply())).toContain('test');
});
