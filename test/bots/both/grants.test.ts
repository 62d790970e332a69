import { expect, test } from 'vitest';
import { reeve } from '../../helpers/cli.ts';
import { stage, type Name, type Seen, type Side } from './stage.ts';

/* The same script on both platforms, with the real clients. */

const CONFIRM = 'Confirm exactly this';
const has = (button: string) => (m: Seen) => m.buttons().includes(button);
const says = (text: string) => (m: Seen) => m.text().includes(text);
const PLATFORMS = ['discord', 'slack'] as const;

/** Types a command and confirms its plan. */
async function confirmed(
  side: Side,
  who: Name,
  command: string,
  options: Record<string, string | boolean | number>,
): Promise<void> {
  await side.type(who, command, options);
  const plan = await side.sees(who, 'ops', 'the plan', has(CONFIRM));
  expect(plan.own).toBe(true);
  expect(plan.text()).toContain('trace.txt');
  await side.press(who, plan, CONFIRM);
}
const PROD = { project: 'shop', env: 'prod' };
const REASON = 'Reason, for the record';

test.each(PLATFORMS)(
  'grant request on %s: asked without a right, allowed with the whole plan in view, told, and used by the next command',
  async (platform) => {
    const { world, [platform]: side } = await stage();
    const ask = { action: 'deploy', ...PROD, for: '2h' };
    await side.type('dora', 'grant request', ask);
    // No reason was given: the form asks for it.
    const why = await side.sees('dora', 'ops', 'the question why', has('Say why'));
    await side.press('dora', why, 'Say why', { [REASON]: 'release 7 tonight' });
    const plan = await side.sees('dora', 'ops', 'the plan', has(CONFIRM));
    await side.press('dora', plan, CONFIRM);
    const card = await side.sees('ben', 'approvals', 'the request', has('Look and decide'));
    expect(card.calls()).toEqual(['ana', 'ben', 'cleo']);
    for (const words of ['release 7 tonight', 'trace.txt', 'no role of dora allows this'])
      expect(card.text()).toContain(words);
    // The end of its time is a time that the platform itself keeps current.
    expect(card.text()).toMatch(
      platform === 'discord' ? /Waits until.*<t:\d+:R>/ : /Waits until.*<!date\^\d+\^/,
    );

    await side.press('ben', card, 'Look and decide');
    const look = await side.sees('ben', 'approvals', 'what ben decides with', has('Approve exactly this'));
    await side.press('ben', look, 'Approve exactly this');
    await side.until('the card is settled', () => card.buttons().length === 0);
    expect(card.text()).toContain('is approved');
    const told = await side.sees('dora', 'ops', 'dora is told', (m) => m.calls().includes('dora'));
    expect(told.text()).toContain('/reeve deploy');
    expect(await world.records('job.queued')).toEqual([]);

    await confirmed(side, 'dora', 'deploy', PROD);
    const end = await side.sees('dora', 'ops', 'the end', says('on shop/prod passed'));
    const [{ body: queued } = expect.unreachable()] = await world.records('job.queued');
    const page = `http://localhost:7333/#${queued.job.job_id}`;
    expect(end.text()).toContain(
      platform === 'discord' ? `[The job on the page](${page})` : `<${page}|The job on the page>`,
    );
    const [issued] = (await world.records('grant.issued')).filter(({ body }) => body.how === 'approved');
    expect((await world.records('job.queued'))[0]?.body.job).toMatchObject({
      requested_by: 'dora',
      grant_id: issued?.body.grant.gid,
    });
    await side.type('dora', 'grant list');
    await side.sees('dora', 'ops', 'the list', says('granted'));
    side.clean();
  },
);

test.each(PLATFORMS)(
  'a kept grant is listed and taken back on %s, and then opens nothing',
  async (platform) => {
    const { world, [platform]: side } = await stage();
    const ask = { action: 'deploy', ...PROD, uses: '3', reason: 'release 7' };
    await confirmed(side, 'dora', 'grant request', platform === 'discord' ? { ...ask, uses: 3 } : ask);
    const card = await side.sees('ben', 'approvals', 'the request', has('Look and decide'));
    await side.press('ben', card, 'Look and decide');
    const look = await side.sees('ben', 'approvals', 'his look', has('Approve exactly this'));
    await side.press('ben', look, 'Approve exactly this');
    await side.until('the card is settled', () => card.buttons().length === 0);
    const gid = (await world.records('grant.issued'))[0]?.body.grant.gid ?? '';
    await side.type('ben', 'preauth list');
    await side.sees(
      'ben',
      'ops',
      'the list',
      (m) => m.own && m.text().includes(gid) && m.text().includes('0/3'),
    );
    await side.type('ben', 'preauth revoke', { grant: gid, reason: 'not tonight after all' });
    await side.sees('ben', 'ops', 'that it is revoked', (m) => /revoked/i.test(m.text()));
    expect((await world.records('grant.revoked'))[0]?.body).toMatchObject({ gid, by: 'ben' });
    await side.type('dora', 'deploy', PROD);
    await side.sees('dora', 'ops', 'the refusal', says('dora may not deploy'));
    expect(await world.records('job.queued')).toEqual([]);
    side.clean();
  },
);

test.each(PLATFORMS)('a request on %s that nobody decides loses its button at its time', async (platform) => {
  const { world, [platform]: side } = await stage();
  await confirmed(side, 'ana', 'deploy', PROD);
  const card = await side.sees('ben', 'approvals', 'the request', has('Look and decide'));
  // That the daemon says so at its time is test/chat/grant-request.test.ts.
  const id = (await world.records('grant.requested'))[0]?.body.id ?? '';
  await world.app.store.ledger.append('grant.expired', { id });
  await side.until('the button is gone', () => card.buttons().length === 0);
  expect(card.text()).toContain('has expired');
  expect(card.text()).toMatch(platform === 'discord' ? /Expired.*<t:\d+:R>/ : /Expired.*<!date\^\d+\^/);
  const told = await side.sees('ana', 'ops', 'ana is told', (m) => m.calls().includes('ana'));
  expect(told.text()).toContain('has expired');
  expect(await world.records('job.queued')).toEqual([]);
  side.clean();
});

test.each(PLATFORMS)(
  'a double click on %s, and a second approver’s stale button, count once',
  async (platform) => {
    const { world, [platform]: side } = await stage();
    await confirmed(side, 'ana', 'deploy', PROD);
    const card = await side.sees('ben', 'approvals', 'the request', has('Look and decide'));
    await side.press('ben', card, 'Look and decide');
    await side.press('cleo', card, 'Look and decide');
    const ben = await side.sees('ben', 'approvals', 'ben’s look', has('Approve exactly this'));
    const cleo = await side.sees('cleo', 'approvals', 'cleo’s look', has('Approve exactly this'));
    await Promise.all([
      side.press('ben', ben, 'Approve exactly this'),
      side.press('ben', ben, 'Approve exactly this'),
    ]);
    await side.sees('ana', 'ops', 'the end', says('on shop/prod passed'));
    await side.press('cleo', cleo, 'Approve exactly this');
    await side.sees('cleo', 'approvals', 'that it is closed', says('is granted'));
    expect((await world.records('grant.approved')).map(({ body }) => body.by)).toEqual(['ben']);
    expect(await world.records('job.queued')).toHaveLength(1);
    side.clean();
  },
);

test('attack 24: asked on one platform, it is not approved by the same person on the other; two approvals are two people', async () => {
  const { world, discord, slack } = await stage('approvals: 2');
  await confirmed(discord, 'ana', 'deploy', PROD);
  const card = await slack.sees('ana', 'approvals', 'the request in Slack', has('Look and decide'));
  await slack.press('ana', card, 'Look and decide');
  await slack.sees('ana', 'approvals', 'the refusal', says('somebody else'));
  const id = (await world.records('grant.requested'))[0]?.body.id ?? '';
  await slack.type('ana', 'grant approve', { request: id });
  const own = await slack.sees('ana', 'ops', 'the plan', has('Approve exactly this'));
  await slack.press('ana', own, 'Approve exactly this');
  await slack.sees('ana', 'ops', 'the refusal', says('Nobody approves their own request'));

  // Ben approves in Discord, and once more in Slack.
  const there = await discord.sees('ben', 'approvals', 'the request in Discord', has('Look and decide'));
  await discord.press('ben', there, 'Look and decide');
  const first = await discord.sees('ben', 'approvals', 'his look', has('Approve exactly this'));
  await discord.press('ben', first, 'Approve exactly this');
  await slack.until('the card in Slack counts it', () => card.text().includes('1 of 2'));
  await slack.press('ben', card, 'Look and decide');
  const second = await slack.sees('ben', 'approvals', 'his other look', has('Approve exactly this'));
  await slack.press('ben', second, 'Approve exactly this');
  await slack.sees('ben', 'approvals', 'the refusal', says('has approved this request already'));
  expect(await world.records('job.queued')).toEqual([]);
  await slack.press('cleo', card, 'Look and decide');
  const third = await slack.sees('cleo', 'approvals', 'cleo’s look', has('Approve exactly this'));
  await slack.press('cleo', third, 'Approve exactly this');
  await discord.sees('ana', 'ops', 'the end', says('on shop/prod passed'));
  await discord.until('both cards are settled', () => there.buttons().length === 0);
  await slack.until('both cards are settled', () => card.buttons().length === 0);
  expect((await world.records('grant.approved')).map(({ body }) => body.by)).toEqual(['ben', 'cleo']);
  discord.clean();
  slack.clean();
});

test.each(PLATFORMS)(
  'break-glass on %s: the reason in a form, who was skipped is called at once, the review stays until a verdict',
  async (platform) => {
    const { world, [platform]: side } = await stage();
    await side.type('ana', 'deploy', { ...PROD, break_glass: true });
    const why = await side.sees('ana', 'ops', 'the question why', has('Say why'));
    expect(await world.records('grant.issued')).toEqual([]);
    await side.press('ana', why, 'Say why', { [REASON]: 'checkout is down' });
    const plan = await side.sees('ana', 'ops', 'the plan', has(CONFIRM));
    expect(plan.text()).toContain('trace.txt');
    await side.press('ana', plan, CONFIRM);
    const loud = await side.sees('ben', 'approvals', 'the alarm', has('Close with a verdict'));
    expect(loud.calls()).toEqual(['ben', 'cleo']);
    for (const words of ['Break-glass was used', 'checkout is down', 'ben, cleo'])
      expect(loud.text()).toContain(words);
    await side.sees('ana', 'ops', 'the end', says('on shop/prod passed'));

    // Who broke it does not judge it.
    const [opened] = await world.records('review.opened');
    const review = opened?.body.id ?? '';
    await side.type('ana', 'review close', { review, reason: 'fine' });
    await side.sees('ana', 'ops', 'the refusal', says('Nobody approves their own request'));
    expect(await world.records('review.closed')).toEqual([]);
    await world.app.store.ledger.append('review.reminded', { id: review, n: 1 });
    const again = await side.sees('cleo', 'approvals', 'the reminder', says('still waits for its review'));
    expect(again.calls()).toEqual(['ben', 'cleo']);

    await side.press('cleo', loud, 'Close with a verdict', { [REASON]: 'justified: it was down' });
    await side.sees(
      'ben',
      'approvals',
      'the verdict',
      (m) => m !== loud && m.text().includes('justified: it was down'),
    );
    await side.until('its button is gone', () => loud.buttons().length === 0);
    expect((await world.records('review.closed'))[0]?.body).toMatchObject({
      by: 'cleo',
      verdict: 'justified: it was down',
    });
    side.clean();
  },
);

test.each(PLATFORMS)(
  'co-sign on %s: a click only shows it, the answer names the command, and reeve approve on another machine starts it',
  async (platform) => {
    const { world, [platform]: side } = await stage('approvals: 1, cosign: true');
    const machine = `${world.root}/bens-machine`;
    const made = await reeve(machine, ['key', 'new', '--json']);
    expect(made.code, made.err).toBe(0);
    const key = (JSON.parse(made.out) as { data: { public: string } }).data;
    await world.as('root', {
      command: 'key enrol',
      args: { person: 'ben', public: key.public },
      force: true,
    });

    await confirmed(side, 'ana', 'deploy', PROD);
    const card = await side.sees('ben', 'approvals', 'the request', has('Look at it'));
    const id = (await world.records('grant.requested'))[0]?.body.id ?? '';
    const command = `reeve approve ${id}`;
    expect(card.text()).toContain(command);
    await side.press('ben', card, 'Look at it');
    const look = await side.sees(
      'ben',
      'approvals',
      'his look',
      (m) => m.own && m.text().includes('trace.txt'),
    );
    expect(look.buttons()).toEqual([]);
    await side.type('ben', 'grant approve', { request: id });
    await side.sees('ben', 'ops', 'what to do', (m) => m.own && m.text().includes(command));
    expect(await world.records('grant.approved')).toEqual([]);

    const plan = (await world.records('grant.requested'))[0]?.body.plan ?? '';
    const signed = await reeve(machine, ['approve', id, '--at', world.app.url, '--confirm', plan]);
    expect(signed.code, signed.err).toBe(0);
    expect(signed.out).toContain('trace.txt');
    await side.sees('ana', 'ops', 'the end', says('on shop/prod passed'));
    await side.until('the card is settled', () => card.buttons().length === 0);
    expect(card.text()).toContain('with a key');
    side.clean();
  },
);
