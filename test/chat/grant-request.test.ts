import { expect, test } from 'vitest';
import type { ChatAsk, ChatPost } from '../../contracts/chat.ts';
import { RUNBOOKS } from '../helpers/app.ts';
import { ANA, APPROVALS, BEN, CLEO, ESTATE, deploy, openChatRig, sayAll, type ChatRig } from './rig.ts';

const DORA = '200000000000000005';
/** Dora looks, and may do nothing. */
const WITH_DORA = ESTATE.replace('  vic:', `  dora: { roles: [viewer], discord: ['${DORA}'] }\n  vic:`);
const WHERE = '300000000000000001';

const request = (args: Record<string, string | number> = {}): ChatAsk => ({
  kind: 'command',
  command: 'grant request',
  args: { action: 'deploy', project: 'shop', env: 'prod', ...args },
  reason: 'release 7 tonight',
});
const asks = async (rig: ChatRig, account: string, args = {}): Promise<string> => {
  const asked = await rig.press(account, await rig.say(account, request(args)), 'Confirm exactly this');
  expect(asked.reply.title).toMatch(/^Request req_/);
  return asked.reply.title.split(' ')[1] ?? '';
};
const approves = async (rig: ChatRig, account: string, card: ChatPost | undefined) => {
  if (card === undefined) throw new Error('no card');
  return rig.press(account, await rig.press(account, card, 'Look and decide'), 'Approve exactly this');
};

test('somebody without the right asks, is allowed, is told, and the next fitting command uses it by itself', async () => {
  const rig = await openChatRig({ estate: WITH_DORA });
  await sayAll(rig);
  // Without a grant nothing is even planned.
  expect((await rig.say(DORA, deploy('prod'))).reply.error?.code).toBe('FORBIDDEN');
  const before = await rig.bot('discord').relay({
    from: {
      place: '100000000000000001',
      application: '100000000000000002',
      account: DORA,
      channel: WHERE,
      interaction: '1',
    },
    ask: { kind: 'catalogue' },
  });
  expect(JSON.stringify(before)).not.toContain('"name":"deploy"');
  expect(JSON.stringify(before)).toContain('"name":"grant request"');

  const shown = await rig.say(DORA, { ...request({ for: '2h' }), reason: undefined } as ChatAsk);
  expect(shown.reply.error?.code).toBe('REASON_REQUIRED');
  expect(shown.buttons[0]?.form?.field).toBe('reason');
  const plan = await rig.say(DORA, request({ for: '2h' }));
  expect(JSON.stringify(plan.reply.blocks)).toContain('>> trace.txt');
  await rig.press(DORA, plan, 'Confirm exactly this');
  const [card] = await sayAll(rig);
  expect(card).toMatchObject({ channel: APPROVALS, mention: [ANA, BEN, CLEO] });
  const text = JSON.stringify(card?.blocks);
  for (const words of ['>> trace.txt', 'no role of dora allows this', 'release 7 tonight', '7200000'])
    expect(text).toContain(words);

  const approved = await approves(rig, BEN, card);
  expect(approved.reply.title).toContain('dora may run exactly this plan');
  const [grant] = await rig.records('grant.issued');
  const given = grant?.body.grant;
  expect(given).toMatchObject({
    sub: 'person:dora',
    cap: ['deploy:prod'],
    prj: ['shop'],
    uses: 1,
    apr: ['ben'],
  });
  expect((given?.exp ?? 0) - (given?.nbf ?? 0)).toBe(2 * 3_600_000);
  expect(given?.nbf).toBe((await rig.records('grant.approved'))[0]?.ts);
  // Nothing ran by itself.
  expect(await rig.records('job.queued')).toEqual([]);
  const said = await sayAll(rig);
  expect(said).toMatchObject([
    { edit: { message: `m${card?.seq}` }, buttons: [] },
    { channel: WHERE, mention: [DORA] },
  ]);
  expect(JSON.stringify(said[1]?.blocks)).toContain('/reeve deploy env:prod project:shop');

  const run = await rig.press(DORA, await rig.say(DORA, deploy('prod')), 'Confirm exactly this');
  expect(run.reply.ok).toBe(true);
  const id = run.reply.job?.id ?? '';
  expect((await rig.app.running.jobs.wait(id)).status).toBe('PASS');
  expect((await rig.records('job.queued'))[0]?.body.job).toMatchObject({
    requested_by: 'dora',
    grant_id: given?.gid,
  });
  // It was for one use.
  expect((await rig.say(DORA, deploy('prod'))).reply.error?.code).toBe('FORBIDDEN');
});

test('attack 23: a kept grant is for its plan: another place, another input or a changed runbook do not use it', async () => {
  const rig = await openChatRig({ estate: WITH_DORA });
  await sayAll(rig);
  await asks(rig, DORA, { uses: 5 });
  await approves(rig, BEN, (await sayAll(rig))[0]);
  for (const ask of [
    deploy('dev'),
    deploy('vault'),
    { ...deploy('prod'), args: { project: 'shop', env: 'prod', input: ['name=other'] } } as ChatAsk,
  ])
    expect((await rig.say(DORA, ask)).reply.error?.code).toBe('FORBIDDEN');
  // Another person does not have it, nor does a broken glass or a further request lean on it.
  const glass = {
    ...deploy('prod'),
    args: { project: 'shop', env: 'prod', break_glass: true },
    reason: 'x',
  } as ChatAsk;
  expect((await rig.say(DORA, glass)).reply.error?.code).toBe('FORBIDDEN');
  const book = RUNBOOKS['touch.md'] ?? '';
  await rig.write('runbooks/touch.md', `${book}\nAnother word.\n`);
  expect((await rig.say(DORA, deploy('prod'))).reply.error?.code).toBe('FORBIDDEN');
  await rig.write('runbooks/touch.md', book);
  // The configuration is part of the plan: whatever changes there, a role too, ends it.
  await rig.write('reeve.yaml', `${WITH_DORA}\nlog: { level: warn }\n`);
  await rig.as('root', { command: 'config reload' });
  expect((await rig.say(DORA, deploy('prod'))).reply.error?.code).toBe('FORBIDDEN');
  await rig.write('reeve.yaml', WITH_DORA);
  await rig.as('root', { command: 'config reload' });
  const shown = await rig.say(DORA, deploy('prod'));
  expect(shown.reply.confirm).toBeDefined();
  const [grant] = await rig.records('grant.issued');
  await rig.as('ben', {
    command: 'preauth revoke',
    args: { grant: grant?.body.grant.gid ?? '' },
    reason: 'no',
  });
  expect((await rig.press(DORA, shown, 'Confirm exactly this')).reply.error?.code).toBe('FORBIDDEN');
  expect(await rig.records('job.queued')).toEqual([]);
});

test('attack 24: two approvals where policy says so, by two people who did not ask, also through another account', async () => {
  const rig = await openChatRig({ estate: WITH_DORA });
  await sayAll(rig);
  const id = await asks(rig, ANA, { env: 'vault' });
  const approve = { kind: 'command', command: 'grant approve', args: { request: id } } as const;
  for (const account of [ANA, 'U0000ANA']) {
    const look = await rig.say(account, approve);
    const code =
      look.reply.error?.code ?? (await rig.press(account, look, 'Approve exactly this')).reply.error?.code;
    expect(code).toBe('APPROVAL_SELF');
  }
  const [card] = await sayAll(rig);
  expect((await approves(rig, BEN, card)).reply.title).toContain('1 more approval');
  const again = await rig.say('U0000BEN', approve);
  const twice =
    again.reply.error?.code ?? (await rig.press('U0000BEN', again, 'Approve exactly this')).reply.error?.code;
  expect(twice).toBe('APPROVAL_TWICE');
  expect(await rig.records('grant.issued')).toEqual([]);
  expect((await approves(rig, CLEO, card)).reply.ok).toBe(true);
  const run = await rig.press(ANA, await rig.say(ANA, deploy('vault')), 'Confirm exactly this');
  expect((await rig.app.running.jobs.wait(run.reply.job?.id ?? '')).status).toBe('PASS');
});

test('a request whose time is over loses its button, says when, and the asker is told', async () => {
  const rig = await openChatRig({ estate: WITH_DORA });
  await sayAll(rig);
  const id = await asks(rig, DORA);
  const [card] = await sayAll(rig);
  expect(card?.buttons).toHaveLength(1);
  if (card === undefined) throw new Error('no card');
  await rig.app.store.ledger.append('grant.expired', { id });
  const said = await sayAll(rig);
  expect(said).toMatchObject([
    { edit: { message: `m${card.seq}` }, buttons: [], mention: [] },
    { channel: WHERE, mention: [DORA] },
  ]);
  expect(said[0]?.title).toContain('has expired');
  expect(JSON.stringify(said[0]?.blocks)).toContain('"label":"Expired","value":{"time":');
  const look = await rig.press(BEN, card, 'Look and decide');
  const code =
    look.reply.error?.code ?? (await rig.press(BEN, look, 'Approve exactly this')).reply.error?.code;
  expect(code).toBe('REQUEST_CLOSED');
});

test('the daemon itself says when the time of a request is over', async () => {
  const estate = WITH_DORA.replace('prod: { approvals: 1 }', 'prod: { approvals: 1, request_lifetime: 1s }');
  const rig = await openChatRig({ estate });
  const id = await asks(rig, DORA);
  await expect
    .poll(() => rig.records('grant.expired'), { timeout: 20_000 })
    .toMatchObject([{ body: { id } }]);
});

test('decided while the bot was away: it is said without a button and without a call', async () => {
  const rig = await openChatRig({ estate: WITH_DORA });
  await sayAll(rig);
  const id = await asks(rig, DORA);
  await rig.as('ben', { command: 'grant deny', args: { request: id }, reason: 'not tonight' });
  const [card] = await sayAll(rig);
  expect(card).toMatchObject({ buttons: [], mention: [] });
});

test('what makes no sense is refused with what to do; the same in CLI and API by the same action', async () => {
  const rig = await openChatRig({ estate: WITH_DORA });
  const ask = async (args: Record<string, string | number>) =>
    (
      await rig.as('dora', {
        command: 'grant request',
        args: { action: 'deploy', project: 'shop', env: 'prod', ...args },
        reason: 'x',
        force: true,
      })
    ).error;
  expect((await ask({ for: '25h' }))?.code).toBe('GRANT_LIFETIME');
  expect((await ask({ for: 'soon' }))?.message).toContain('--for');
  expect((await ask({ action: 'promote' }))?.message).toContain('--from');
  expect((await ask({ action: 'run' }))?.message).toContain('--runbook');
  expect((await ask({ env: 'moon' }))?.code).toBe('ENVIRONMENT_UNKNOWN');
  expect((await ask({ uses: 21 }))?.code).toBe('ARGUMENTS_INVALID');
  // Who may not even look there cannot ask.
  const blind = await rig.as('vic', {
    command: 'grant request',
    args: { action: 'deploy', project: 'shop', env: 'prod' },
    reason: 'x',
    force: true,
  });
  expect(blind.error?.code).toBe('FORBIDDEN');
  expect(await rig.records('grant.requested')).toEqual([]);
  const made = await rig.as('dora', {
    command: 'grant request',
    args: { action: 'run', project: 'shop', env: 'prod', runbook: 'slow' },
    reason: 'x',
    force: true,
  });
  expect(made.data).toMatchObject({ request: { command: 'runbook run', keep: true, cap: 'run:prod' } });
});
