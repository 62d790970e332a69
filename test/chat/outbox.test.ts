import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { expect, test } from 'vitest';
import type { ChatPost } from '../../contracts/chat.ts';
import { isTerminal } from '../../contracts/job.ts';
import { Refused } from '../../bots/link/client.ts';
import { ANA, APPROVALS, BEN, CLEO, OPS, deploy, openChatRig, sayAll, type ChatRig } from './rig.ts';

const confirm = 'Confirm exactly this';
const WHERE = '300000000000000001';

const asks = async (rig: ChatRig, account: string, env: string): Promise<string> => {
  const plan = await rig.say(account, deploy(env));
  const asked = await rig.press(account, plan, confirm);
  expect(asked.reply.title).toMatch(/^Request req_/);
  return asked.reply.title.split(' ')[1] ?? '';
};
const ended = async (rig: ChatRig): Promise<void> => {
  const { jobs } = rig.app.running;
  await Promise.all(jobs.list().map((job) => jobs.wait(job.spec.job_id)));
};

test('a request: the whole plan to the approvers, an approver looks and approves, the asker is told, the job is shown', async () => {
  const rig = await openChatRig();
  await sayAll(rig);
  await asks(rig, ANA, 'prod');
  const [card, ...rest] = await sayAll(rig);
  expect(rest).toEqual([]);
  expect(card).toMatchObject({ topic: 'approvals', channel: APPROVALS, tone: 'warn', mention: [BEN, CLEO] });
  expect(JSON.stringify(card?.blocks)).toContain('>> trace.txt');
  expect(card?.buttons.map(({ label }) => label)).toEqual(['Look and decide']);
  if (card === undefined) throw new Error('no card');

  const look = await rig.press(BEN, card, 'Look and decide');
  expect(look.audience).toBe('asker');
  expect(JSON.stringify(look.reply.blocks)).toContain('>> trace.txt');
  expect(look.buttons.map(({ label }) => label)).toEqual(['Approve exactly this', 'Deny']);
  // Looking approves nothing, and can be done again by others.
  expect((await rig.press(CLEO, card, 'Look and decide')).buttons).toHaveLength(2);
  expect(await rig.records('grant.approved')).toHaveLength(0);

  const elsewhere = { channel: '300000000000000002' };
  const approved = await rig.press(BEN, look, 'Approve exactly this', {}, elsewhere);
  expect(approved).toMatchObject({ audience: 'channel', reply: { ok: true } });
  expect((await rig.press(BEN, look, 'Approve exactly this')).reply.error?.code).toBe('PRESS_USED');
  await ended(rig);
  const said = await sayAll(rig);
  expect(said).toMatchObject([
    { edit: { channel: APPROVALS, message: `m${card.seq}` }, tone: 'good', buttons: [] },
    { channel: WHERE, mention: [ANA], tone: 'good' },
    { channel: WHERE, job: (await rig.records('job.queued'))[0]?.body.job.job_id },
  ]);
  expect((await rig.records('grant.approved'))[0]?.body).toMatchObject({ by: 'ben', account: BEN });
  expect(await readFile(path.join(rig.root, 'trace.txt'), 'utf8')).toBe('trace\n');
});

test('attack 24: nobody approves their own request, by the card, by a command, or through a linked account', async () => {
  const rig = await openChatRig();
  await sayAll(rig);
  const request = await asks(rig, ANA, 'prod');
  const [card] = await sayAll(rig);
  const approve = { kind: 'command', command: 'grant approve', args: { request } } as const;
  for (const account of [ANA, 'U0000ANA']) {
    if (card === undefined) throw new Error('no card');
    expect((await rig.press(account, card, 'Look and decide')).reply.error?.code).toBe('PRESS_NOT_YOURS');
    const shown = await rig.say(account, approve);
    const code =
      shown.reply.error?.code ?? (await rig.press(account, shown, 'Approve exactly this')).reply.error?.code;
    expect(code).toBe('APPROVAL_SELF');
  }
  expect(await rig.records('grant.approved')).toHaveLength(0);
  expect(await rig.records('job.queued')).toHaveLength(0);
});

test('two approvals are those of two people: one with two accounts is one', async () => {
  const rig = await openChatRig();
  const request = await asks(rig, ANA, 'vault');
  const approve = async (account: string) => {
    const shown = await rig.say(account, { kind: 'command', command: 'approve', args: { request } });
    return shown.reply.error === undefined ? rig.press(account, shown, 'Approve exactly this') : shown;
  };
  expect((await approve(BEN)).reply.title).toContain('1 more approval');
  expect((await approve('U0000BEN')).reply.error?.code).toBe('APPROVAL_TWICE');
  expect(await rig.records('job.queued')).toHaveLength(0);
  expect((await approve(CLEO)).reply.ok).toBe(true);
  await ended(rig);
  expect(await rig.records('job.queued')).toHaveLength(1);
});

test('after the first of two approvals the card still shows the plan and lets the next approver decide', async () => {
  const rig = await openChatRig();
  await sayAll(rig);
  await asks(rig, ANA, 'vault');
  const [card] = await sayAll(rig);
  if (card === undefined) throw new Error('no card');
  await rig.press(BEN, await rig.press(BEN, card, 'Look and decide'), 'Approve exactly this');
  const [change, ...rest] = await sayAll(rig);
  expect(rest).toEqual([]);
  expect(change).toMatchObject({ edit: { channel: APPROVALS, message: `m${card.seq}` }, mention: [] });
  expect(JSON.stringify(change?.blocks)).toContain('>> trace.txt');
  expect(JSON.stringify(change?.blocks)).toContain('1 of 2');
  if (change === undefined) throw new Error('no change');
  const look = await rig.press(CLEO, change, 'Look and decide');
  expect((await rig.press(CLEO, look, 'Approve exactly this')).reply.ok).toBe(true);
  await ended(rig);
  expect(await rig.records('job.queued')).toHaveLength(1);
});

test('denied with a reason: the card says so, the asker is told, the approve button of others leads nowhere', async () => {
  const rig = await openChatRig();
  await sayAll(rig);
  await asks(rig, ANA, 'prod');
  const [card] = await sayAll(rig);
  if (card === undefined) throw new Error('no card');
  const [ben, cleo] = [
    await rig.press(BEN, card, 'Look and decide'),
    await rig.press(CLEO, card, 'Look and decide'),
  ];
  expect((await rig.press(CLEO, cleo, 'Deny')).reply.error?.code).toBe('REASON_REQUIRED');
  expect((await rig.press(CLEO, cleo, 'Deny', { reason: 'not on a Friday' })).reply.ok).toBe(true);
  expect((await rig.press(BEN, ben, 'Approve exactly this')).reply.error?.code).toBe('REQUEST_CLOSED');
  const said = await sayAll(rig);
  expect(said).toMatchObject([{ edit: { channel: APPROVALS } }, { channel: WHERE, mention: [ANA] }]);
  expect(JSON.stringify(said)).toContain('not on a Friday');
  expect(await rig.records('job.queued')).toHaveLength(0);
});

test('nothing is missed and nothing said twice, over restarts of bot and daemon; only the next can be settled', async () => {
  const rig = await openChatRig();
  await asks(rig, ANA, 'prod');
  await asks(rig, BEN, 'prod');
  const first = await rig.bot('discord').posts(0);
  expect(first).toHaveLength(2);
  // A bot that died before it said anything, and a daemon that was restarted meanwhile: the same, with the same buttons.
  expect(await rig.bot('discord').posts(0)).toEqual(first);
  await rig.restart();
  expect(await rig.bot('discord').posts(0)).toEqual(first);
  const [one, two] = first;
  if (one === undefined || two === undefined) throw new Error('two posts');
  const sent = (post: ChatPost) => ({
    is: 'sent' as const,
    at: { channel: post.channel, message: `m${post.seq}` },
  });
  await rig.bot('discord').posted({ seq: two.seq, outcome: sent(two) });
  expect(await rig.bot('discord').posts(0)).toEqual(first);
  await rig.bot('discord').posted({ seq: one.seq, outcome: sent(one) });
  await rig.bot('discord').posted({ seq: one.seq, outcome: sent(one) });
  await rig.restart();
  expect(await rig.bot('discord').posts(0)).toEqual([two]);
  await rig.bot('discord').posted({ seq: two.seq, outcome: { is: 'given_up', why: 'Missing Access' } });
  expect(await rig.bot('discord').posts(0)).toEqual([]);
  expect((await rig.records('chat.posted')).map((r) => r.body.why)).toEqual([undefined, 'Missing Access']);
  // The other platform has a cursor of its own.
  expect((await rig.bot('slack').posts(0)).map(({ seq, channel }) => [seq, channel])).toEqual(
    first.map(({ seq }) => [seq, 'C00000001']),
  );
});

test('a live message: the job as it is, its last lines, until its end is shown; another job is not for this bot', async () => {
  const rig = await openChatRig();
  await sayAll(rig);
  const plan = await rig.say(ANA, {
    kind: 'command',
    command: 'runbook run',
    args: { runbook: 'slow', project: 'shop', env: 'dev' },
  });
  const waiting = rig.bot('discord').posts(20_000);
  await rig.press(ANA, plan, confirm);
  // Who waits is answered as soon as there is something to say.
  const [post] = await waiting;
  const job = post?.job ?? '';
  expect(post).toMatchObject({ channel: WHERE, job: (await rig.records('job.queued'))[0]?.body.job.job_id });
  const bot = rig.bot('discord');
  await expect(bot.job(job, '', 0)).rejects.toThrow(Refused);
  await sayAll(rig);
  let now = await bot.job(job, '', 0);
  while (now.job.status !== 'RUNNING' || now.job.attempts[0]?.steps.length === 0)
    now = await bot.job(job, now.version, 20_000);
  expect(now.over).toBe(false);

  await rig.restart();
  const session = await rig.bot('discord').session();
  expect(session.live).toMatchObject([{ job, at: { channel: WHERE } }]);
  // The restart took the running attempt with it; however it ended, the message can be brought up to date.
  await writeFile(path.join(rig.root, 'go'), '');
  do now = await rig.bot('discord').job(job, now.version, 20_000);
  while (!now.over);
  expect(isTerminal(now.job.status)).toBe(true);
  await rig.bot('discord').closed({ job });
  expect((await rig.bot('discord').session()).live).toEqual([]);
  await expect(rig.bot('discord').job(job, '', 0)).rejects.toThrow(Refused);

  const other = await rig.as('ana', {
    command: 'deploy',
    args: { project: 'shop', env: 'dev' },
    force: true,
  });
  expect(await rig.end(other)).toBe('PASS');
  await expect(rig.bot('discord').job(other.job?.id ?? '', '', 0)).rejects.toThrow(Refused);
  // Asked for elsewhere, it is nobody's message here.
  expect(await sayAll(rig)).toEqual([]);
});

test('attack 49: a secret is posted nowhere: not in a card, not in a plan, not in the lines of a job', async () => {
  const runbook = `---
runbook: leaky
title: Say too much
action: run
inputs: { word: { type: string, default: none } }
secrets: [api_key]
timeout: 1m
---
\`\`\`sh { name=say }
echo "key is $API_KEY"
\`\`\`
`;
  const rig = await openChatRig({ runbooks: { 'leaky.md': runbook } });
  await sayAll(rig);
  await rig.as('root', { command: 'secret set', args: { name: 'api_key', value: 'correct-horse-battery' } });
  const ask = {
    kind: 'command',
    command: 'runbook run',
    args: { runbook: 'leaky', project: 'shop', env: 'dev' },
  } as const;
  const plan = await rig.say(ANA, { ...ask, args: { ...ask.args, input: ['word=correct-horse-battery'] } });
  expect(JSON.stringify(plan)).not.toContain('correct-horse');
  const started = await rig.press(ANA, plan, confirm);
  expect(started.reply.ok).toBe(true);
  const said = await sayAll(rig);
  await ended(rig);
  const job = said[0]?.job ?? '';
  const shown = await rig.bot('discord').job(job, '', 0);
  expect(shown.tail.map(({ line }) => line)).toEqual(['key is [redacted]']);
  expect(JSON.stringify([said, shown])).not.toContain('correct-horse');
});

test('incidents, drills and break-glass are told in their channels, and an incident’s message follows it to its end', async () => {
  const rig = await openChatRig();
  await sayAll(rig);
  const opened = await rig.say(ANA, {
    kind: 'command',
    command: 'incidents open',
    args: { title: 'Checkout is slow', project: 'shop', env: 'prod' },
  });
  expect(opened.reply.error).toBeUndefined();
  const [card] = await sayAll(rig);
  expect(card).toMatchObject({ topic: 'incidents', channel: OPS, title: 'Open: Checkout is slow' });
  const id = /inc_[0-9a-f]{16}/.exec(JSON.stringify(card?.blocks))?.[0] ?? '';
  await rig.as('ana', { command: 'incidents ack', args: { incident: id } });
  await rig.as('ana', { command: 'incidents resolve', args: { incident: id }, reason: 'scaled up' });
  const said = await sayAll(rig);
  expect(said.map(({ title, edit }) => [title, edit?.message])).toEqual([
    ['Taken: Checkout is slow', `m${card?.seq}`],
    ['Resolved: Checkout is slow', `m${card?.seq}`],
    ['Resolved: Checkout is slow', undefined],
  ]);

  const glass = { project: 'shop', env: 'prod', break_glass: true };
  const broke = await rig.as('ben', {
    command: 'deploy',
    args: glass,
    reason: 'the site is down',
    force: true,
  });
  await rig.end(broke);
  const [loud, ...others] = await sayAll(rig);
  expect(loud).toMatchObject({ topic: 'approvals', tone: 'bad', mention: [ANA, CLEO] });
  expect(JSON.stringify(loud?.blocks)).toContain('the site is down');
  expect(others).toEqual([]);

  await rig.app.store.ledger.append('drill.result', {
    drill: 'restore-shop',
    job_id: broke.job?.id ?? '',
    verdict: 'FAIL',
    rpo_ms: null,
    rto_ms: 90_000,
    objective_rpo_ms: null,
    objective_rto_ms: 60_000,
    phases: {},
    evidence: [],
    why: 'the newest sentinel is missing',
  });
  expect(await sayAll(rig)).toMatchObject([
    { topic: 'drills', channel: OPS, tone: 'bad', title: 'Drill restore-shop: FAIL' },
  ]);
});
