import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { expect, test } from 'vitest';
import type { ChatFrom } from '../../contracts/chat.ts';
import { ANA, BEN, TEAM, VIC, deploy, fresh, fromOf, openChatRig, type ChatRig } from './rig.ts';

const trace = (rig: ChatRig): Promise<string> =>
  readFile(path.join(rig.root, 'trace.txt'), 'utf8').catch(() => '');
const confirm = 'Confirm exactly this';
const jobs = (rig: ChatRig) => rig.records('job.queued');
const ended = async (rig: ChatRig): Promise<void> => {
  const { jobs } = rig.app.running;
  await Promise.all(jobs.list().map((job) => jobs.wait(job.spec.job_id)));
};

test('a command: the plan for its asker alone, a button that is theirs, one job that everybody sees', async () => {
  const rig = await openChatRig();
  const plan = await rig.say(ANA, deploy('dev'));
  expect(plan).toMatchObject({ audience: 'asker', repeated: false, buttons: [{ label: confirm }] });
  expect(JSON.stringify(plan.reply.blocks)).toContain('trace.txt');
  // What is for programs stays at the daemon: no digest to confirm with, no data.
  expect(plan.reply).toMatchObject({ data: null, confirm: { digest: '' } });
  expect(await jobs(rig)).toHaveLength(0);

  const started = await rig.press(ANA, plan, confirm);
  expect(started).toMatchObject({ audience: 'channel', reply: { ok: true }, buttons: [] });
  await ended(rig);
  expect(await trace(rig)).toBe('trace\n');
  const [queued] = await jobs(rig);
  const [relayed] = await rig.records('chat.relayed');
  expect(queued?.body.job).toMatchObject({
    requested_by: 'ana',
    anchor: { kind: 'interaction', id: relayed?.body.interaction },
  });
  const actor = { person: 'ana', via: 'discord', account: ANA };
  expect((await rig.records('admin.event')).map((r) => r.body.actor)).toContainEqual(actor);
  expect((await rig.records('chat.answered')).at(-1)?.body).toMatchObject({
    job: queued?.body.job.job_id,
    ok: true,
  });
});

test('attack 31: the same interaction twice is one job and one answer, also after the daemon was restarted', async () => {
  const rig = await openChatRig();
  const interaction = fresh();
  const [one, two] = await Promise.all([
    rig.say(ANA, deploy('dev'), { interaction }),
    rig.say(ANA, deploy('dev'), { interaction }),
  ]);
  expect(one.buttons).toEqual(two.buttons);
  expect([one, two].filter(({ repeated }) => repeated)).toHaveLength(1);
  const press = fresh();
  const answers = await Promise.all(
    Array.from({ length: 5 }, () => rig.press(ANA, one, confirm, {}, { interaction: press })),
  );
  expect(new Set(answers.map((answer) => answer.reply.title)).size).toBe(1);
  await ended(rig);
  await rig.restart();
  const again = await rig.press(ANA, one, confirm, {}, { interaction: press });
  expect(again.reply.error?.code).toBe('CHAT_REPEATED');
  expect(again.reply.title).toContain('Started job_');
  expect((await rig.say(ANA, deploy('dev'), { interaction })).reply.error?.code).toBe('CHAT_REPEATED');
  expect(await jobs(rig)).toHaveLength(1);
  expect(await trace(rig)).toBe('trace\n');
});

test('a double click counts once, whichever of fifty comes first; a button is its asker’s, and expires', async () => {
  const rig = await openChatRig();
  const plan = await rig.say(ANA, deploy('dev'));
  expect((await rig.press(BEN, plan, confirm)).reply.error?.code).toBe('PRESS_NOT_YOURS');
  const clicks = await Promise.all(Array.from({ length: 50 }, () => rig.press(ANA, plan, confirm)));
  expect(clicks.filter(({ reply }) => reply.ok)).toHaveLength(1);
  expect(new Set(clicks.map(({ reply }) => reply.error?.code))).toEqual(
    new Set([undefined, 'PRESS_USED', 'CHAT_FLOOD']),
  );
  await ended(rig);
  expect(await jobs(rig)).toHaveLength(1);

  // A quiet minute later they may ask again. A linked account is the same person, and the same one press.
  const quiet = rig.app.store.clock.monotonic.bind(rig.app.store.clock);
  rig.app.store.clock.monotonic = () => quiet() + 60_000;
  expect((await rig.press('U0000ANA', plan, confirm)).reply.error?.code).toBe('PRESS_USED');
  const late = await rig.say(ANA, deploy('dev', { target: 'x' }));
  const { clock } = rig.app.store;
  const now = clock.now.bind(clock);
  clock.now = () => now() + 11 * 60_000;
  expect((await rig.press(ANA, late, confirm)).reply.error?.code).toBe('PRESS_EXPIRED');
  clock.now = now;
  const unknown = { kind: 'press', id: `btn_${'0'.repeat(24)}` } as const;
  expect((await rig.say(ANA, unknown)).reply.error?.code).toBe('PRESS_UNKNOWN');
  expect((await rig.say(ANA, { ...unknown, id: '__proto__' })).reply.error?.code).toBe('PRESS_UNKNOWN');
  expect(await jobs(rig)).toHaveLength(1);
});

test('where the name must be typed, a click alone starts nothing; a wrong word does not use the button up', async () => {
  const rig = await openChatRig();
  const plan = await rig.say(ANA, deploy('staging'));
  expect(plan.buttons[0]?.form).toMatchObject({ field: 'typed', hint: 'Type staging' });
  expect((await rig.press(ANA, plan, confirm)).reply.error?.code).toBe('CONFIRMATION_UNTYPED');
  expect((await rig.press(ANA, plan, confirm, { typed: 'prod' })).reply.error?.code).toBe(
    'CONFIRMATION_UNTYPED',
  );
  expect(await jobs(rig)).toHaveLength(0);
  expect((await rig.press(ANA, plan, confirm, { typed: ' staging ' })).reply.ok).toBe(true);
  await ended(rig);
  expect(await jobs(rig)).toHaveLength(1);
});

test('attack 23: what changed after it was shown is not what the button runs', async () => {
  const rig = await openChatRig();
  const plan = await rig.say(ANA, deploy('dev'));
  const file = 'runbooks/touch.md';
  await rig.write(file, `${await readFile(path.join(rig.root, file), 'utf8')}\nAnother word.\n`);
  const pressed = await rig.press(ANA, plan, confirm);
  expect(pressed.reply.error?.code).toBe('GRANT_PLAN_MISMATCH');
  expect(await jobs(rig)).toHaveLength(0);
});

test('attack 41: another guild, team or app is refused on command and press, with a record', async () => {
  const rig = await openChatRig();
  const plan = await rig.say(ANA, deploy('dev'));
  const wrong: Partial<ChatFrom>[] = [
    { place: '999999999999999999' },
    { place: TEAM },
    { application: '999999999999999999' },
  ];
  for (const more of wrong) {
    expect((await rig.say(ANA, deploy('dev'), more)).reply.error?.code).toBe('CHAT_PLACE');
    expect((await rig.press(ANA, plan, confirm, {}, more)).reply.error?.code).toBe('CHAT_PLACE');
  }
  // The right ids of the other platform, through this platform's bot.
  const discord = rig.bot('discord');
  const crossed = await discord.relay({ from: fromOf('U0000ANA'), ask: deploy('dev') });
  expect(crossed).toMatchObject({ reply: { error: { code: 'CHAT_PLACE' } } });
  const refused = await rig.records('admission.refused');
  expect(refused).toHaveLength(7);
  expect(refused[0]?.body).toMatchObject({ actor: { person: 'nobody', via: 'discord', account: ANA } });
  expect(await jobs(rig)).toHaveLength(0);
});

test('attack 42: direct messages, bots, edited messages and accounts of nobody are refused, with a record and a word', async () => {
  const rig = await openChatRig();
  const plan = await rig.say(ANA, deploy('dev'));
  for (const [more, code] of [
    [{ place: null }, 'CHAT_DIRECT'],
    [{ bot: true }, 'CHAT_BOT_ACCOUNT'],
    [{ edited: true }, 'CHAT_EDITED'],
  ] as const) {
    for (const answer of [
      await rig.say(ANA, deploy('dev'), more),
      await rig.press(ANA, plan, confirm, {}, more),
    ]) {
      expect(answer).toMatchObject({ audience: 'asker', reply: { ok: false, error: { code } } });
      expect(answer.reply.error?.hint.length).toBeGreaterThan(20);
      expect(answer.reply.error?.ledger_seq).toBeGreaterThan(0);
    }
  }
  const stranger = await rig.say('299999999999999999', deploy('dev'));
  expect(stranger.reply.error).toMatchObject({
    code: 'PERSON_UNKNOWN',
    hint: 'Add it under people: in reeve.yaml.',
  });
  expect((await rig.records('admission.refused')).map((r) => r.body.error.code)).toEqual([
    ...['CHAT_DIRECT', 'CHAT_DIRECT', 'CHAT_BOT_ACCOUNT', 'CHAT_BOT_ACCOUNT', 'CHAT_EDITED', 'CHAT_EDITED'],
    'PERSON_UNKNOWN',
  ]);
  expect(await jobs(rig)).toHaveLength(0);
});

test('a person sees in chat what that person may do, and no command that deals with secrets', async () => {
  const rig = await openChatRig();
  const catalogue = async (account: string): Promise<string[]> => {
    const answer = await rig.bot('discord').relay({ from: fromOf(account), ask: { kind: 'catalogue' } });
    return answer.kind === 'catalogue' ? answer.catalogue.commands.map(({ name }) => name) : [];
  };
  const [ana, vic] = [await catalogue(ANA), await catalogue(VIC)];
  expect(ana).toEqual(expect.arrayContaining(['status', 'deploy', 'grant approve']));
  expect(vic).toContain('status');
  for (const name of ['deploy', 'grant approve', 'halt', 'runbook run']) expect(vic).not.toContain(name);
  const session = await rig.bot('discord').session();
  const secret = [
    'secret set',
    'preauth create-grant',
    'preauth show',
    'preauth verify',
    'probe push-url',
    'chat setup',
  ];
  for (const name of secret) {
    expect(session.catalogue.commands.map((c) => c.name)).not.toContain(name);
    const asked = await rig.say(ANA, { kind: 'command', command: name, args: {} });
    expect(['CHAT_NOT_HERE', 'ARGUMENTS_INVALID']).toContain(asked.reply.error?.code);
  }
  const set = await rig.say(ANA, {
    kind: 'command',
    command: 'secret set',
    args: { name: 'a', value: 'hunter22' },
  });
  expect(set.reply.error?.code).toBe('CHAT_NOT_HERE');
  expect(JSON.stringify(await rig.records('admission.refused'))).not.toContain('hunter22');
});

test('what is suggested is what this person may see, bounded, and harmless', async () => {
  const rig = await openChatRig();
  const suggest = async (
    account: string,
    type: 'project' | 'environment' | 'runbook' | 'job' | 'grant' | 'request',
    text = '',
    given = {},
  ) => {
    const answer = await rig
      .bot('discord')
      .relay({ from: fromOf(account), ask: { kind: 'suggest', type, text, given } });
    return answer.kind === 'suggestions' ? answer.suggestions.map(({ value }) => value) : [];
  };
  expect(await suggest(ANA, 'project')).toEqual(['shop', 'other']);
  expect(await suggest(VIC, 'project')).toEqual(['other']);
  expect(await suggest(ANA, 'environment', 'st', { project: 'shop' })).toEqual(['staging']);
  expect(await suggest(VIC, 'environment', '', { project: 'shop' })).toEqual([]);
  expect(await suggest(ANA, 'environment', '', { project: '__proto__' })).toEqual([]);
  expect(await suggest(ANA, 'runbook', 'touch')).toEqual(['touch']);
  expect(await suggest('299999999999999999', 'project')).toEqual([]);
  await rig.press(ANA, await rig.say(ANA, deploy('dev')), confirm);
  await ended(rig);
  const [job] = await suggest(ANA, 'job');
  expect(job).toMatch(/^job_[0-9a-f]{8}$/);
  expect(await suggest(VIC, 'job')).toEqual([]);

  // What waits for approval, and grants that can be taken back: for whom they are, and for whoever may approve there.
  const asked = await rig.press(ANA, await rig.say(ANA, deploy('prod')), confirm);
  const request = asked.reply.title.split(' ')[1] ?? '';
  expect(await suggest(BEN, 'request', 'deploy')).toEqual([request]);
  expect(await suggest(VIC, 'request')).toEqual([]);
  const keep = { action: 'deploy', project: 'shop', env: 'prod', uses: 2 };
  const wish = { kind: 'command', command: 'grant request', args: keep, reason: 'release 7' } as const;
  const kept = await rig.press(ANA, await rig.say(ANA, wish), confirm);
  const look = await rig.say(BEN, {
    kind: 'command',
    command: 'grant approve',
    args: { request: kept.reply.title.split(' ')[1] ?? '' },
  });
  expect((await rig.press(BEN, look, 'Approve exactly this')).reply.ok).toBe(true);
  const grants = await suggest(ANA, 'grant', 'deploy:prod');
  expect(grants).toEqual([(await rig.records('grant.issued')).at(-1)?.body.grant.gid]);
  expect(await suggest(BEN, 'grant')).toEqual(grants);
  expect(await suggest(VIC, 'grant')).toEqual([]);
});

test('a missing reason is asked for with a form, and what is asked goes on from there', async () => {
  const rig = await openChatRig();
  const asked = await rig.say(BEN, {
    kind: 'command',
    command: 'deploy',
    args: { project: 'shop', env: 'prod', break_glass: true },
  });
  expect(asked.reply.error?.code).toBe('REASON_REQUIRED');
  const plan = await rig.press(BEN, asked, 'Say why', { reason: 'the site is down' });
  expect(plan.reply.title).toContain('run it?');
  const started = await rig.press(BEN, plan, confirm);
  expect(started.reply.ok).toBe(true);
  await ended(rig);
  expect((await rig.records('review.opened'))[0]?.body.reason).toBe('the site is down');
  expect(await jobs(rig)).toHaveLength(1);
});

test('attack 53: a reason of a megabyte is refused, and nothing of it is kept', async () => {
  const rig = await openChatRig();
  const asked = { kind: 'command', command: 'halt', args: {}, reason: 'x'.repeat(1_000_000) } as const;
  await expect(rig.say(ANA, asked)).rejects.toThrow(/invalid/);
  const long = await rig.say(ANA, { ...asked, reason: 'x'.repeat(3000) });
  expect(long.reply.error?.code).toBe('REASON_TOO_LONG');
  expect(await rig.records('halt.set')).toHaveLength(0);
});

test('a bot’s credential opens /v1/chat and nothing else; nobody else’s opens that; a new one voids the old', async () => {
  const rig = await openChatRig();
  const { socket, url } = rig.app;
  const ask = async (token: string | undefined, method: string, where: string, body?: object) => {
    const answer = await fetch(url + where, {
      method,
      headers: {
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return ((await answer.json()) as { code?: string }).code ?? answer.status;
  };
  const bot = rig.tokens.discord;
  for (const where of [
    '/v1/status',
    '/v1/catalogue',
    '/v1/jobs',
    '/v1/events',
    '/metrics',
    '/openapi.json',
    '/nowhere',
  ])
    expect(await ask(bot, 'GET', where), where).toBe('BOT_REFUSED');
  expect(await ask(bot, 'POST', '/v1/commands', { command: 'halt', args: {} })).toBe('BOT_REFUSED');
  const owner = (await readFile(path.join(rig.home, 'token'), 'utf8')).trim();
  expect(await ask(owner, 'GET', '/v1/chat/session')).toBe('BOT_ONLY');
  expect(await ask(undefined, 'GET', '/v1/chat/session')).toBe('TOKEN_MISSING');
  expect(await ask(`${bot.slice(0, -1)}_`, 'GET', '/v1/chat/session')).toBe('TOKEN_INVALID');
  // Naming a person beside the account is refused like anywhere else.
  const relay = { from: fromOf(ANA), ask: deploy('dev'), person: 'root' };
  expect(await ask(bot, 'POST', '/v1/chat/relay', relay)).toBe('CALLER_NAMED');
  expect(await ask(bot, 'GET', '/v1/chat/session')).toBe(200);
  await rig.as('root', { command: 'chat setup', args: { platform: 'discord' } });
  expect(await ask(bot, 'GET', '/v1/chat/session')).toBe('TOKEN_INVALID');
  await rig.as('root', { command: 'chat remove', args: { platform: 'slack' }, force: true });
  expect(await ask(rig.tokens.slack, 'GET', '/v1/chat/session')).toBe('TOKEN_INVALID');
  expect(await ask(rig.tokens.slack.replace('slack', 'discord'), 'GET', '/v1/chat/session')).toBe(
    'TOKEN_INVALID',
  );
  expect(socket).toContain('reeve.sock');
  expect(JSON.stringify(await rig.records('chat.bot_enrolled'))).not.toContain(bot.slice(20));
});
