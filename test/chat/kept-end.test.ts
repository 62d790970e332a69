import { expect, test } from 'vitest';
import type { ChatAsk, ChatPost } from '../../contracts/chat.ts';
import { RUNBOOKS } from '../helpers/app.ts';
import { until } from '../helpers/daemon.ts';
import { ANA, APPROVALS, BEN, ESTATE, deploy, openChatRig, sayAll, type ChatRig } from './rig.ts';

const WHERE = '300000000000000001';

/** Ana has a grant for the next deployment to prod; resolves to its id. */
async function keeps(rig: ChatRig, args: Record<string, string | number> = {}): Promise<string> {
  const ask: ChatAsk = {
    kind: 'command',
    command: 'grant request',
    args: { action: 'deploy', project: 'shop', env: 'prod', ...args },
    reason: 'release 7 tonight',
  };
  await rig.press(ANA, await rig.say(ANA, ask), 'Confirm exactly this');
  const [card] = (await sayAll(rig)).filter(({ buttons }) => buttons.length > 0);
  if (card === undefined) throw new Error('no card');
  await rig.press(BEN, await rig.press(BEN, card, 'Look and decide'), 'Approve exactly this');
  await sayAll(rig);
  return (await rig.records('grant.issued')).at(-1)?.body.grant.gid ?? '';
}
/** Changes of files are seen by a watch, in a moment. */
const recorded = (rig: ChatRig, name: string, versions: number): Promise<void> =>
  until(
    async () =>
      (await rig.records('config.version')).filter(({ body }) => body.config_name === name).length ===
      versions,
  );
const ends = (said: ChatPost[]): ChatPost[] => said.filter(({ title }) => title.includes('opens nothing'));

test('who keeps a grant is told where it was asked, once, when it is revoked: by its id, or with all of its person', async () => {
  const rig = await openChatRig();
  await sayAll(rig);
  const grant = await keeps(rig);
  await rig.as('ben', { command: 'preauth revoke', args: { grant }, reason: 'not tonight *after* all' });
  const told = ends(await sayAll(rig));
  expect(told).toMatchObject([{ channel: WHERE, mention: [ANA], tone: 'warn' }]);
  const text = JSON.stringify(told);
  for (const words of [grant, '0 of 1', 'ben revoked it: not tonight *after* all', 'deploy on shop/prod'])
    expect(text).toContain(words);
  // Revoked again with everything of hers, it is not told again; the other one is.
  const other = await keeps(rig);
  await rig.app.running.deps.grants.revoke({ sub: 'person:ana' }, 'root', 'she left');
  const again = ends(await sayAll(rig));
  expect(again).toHaveLength(1);
  expect(JSON.stringify(again)).toContain(other);
  await rig.restart();
  expect(ends(await sayAll(rig))).toEqual([]);
});

test('a change of reeve.yaml ends a kept grant: told once, also when the daemon started anew in between; one that is used up is not', async () => {
  const rig = await openChatRig();
  await sayAll(rig);
  await keeps(rig);
  const run = await rig.press(ANA, await rig.say(ANA, deploy('prod')), 'Confirm exactly this');
  expect((await rig.app.running.jobs.wait(run.reply.job?.id ?? '')).status).toBe('PASS');
  await sayAll(rig);
  const grant = await keeps(rig);
  await rig.write('reeve.yaml', `${ESTATE}\nlog: { level: warn }\n`);
  await rig.as('root', { command: 'config reload' });
  await rig.restart();
  const told = ends(await sayAll(rig));
  expect(told).toMatchObject([{ channel: WHERE, mention: [ANA] }]);
  expect(JSON.stringify(told)).toContain(grant);
  await rig.restart();
  await rig.write('reeve.yaml', `${ESTATE}\nlog: { level: error }\n`);
  await rig.as('root', { command: 'config reload' });
  expect(ends(await sayAll(rig))).toEqual([]);
});

test('one record that ends more than there is room for tells everybody', async () => {
  const rig = await openChatRig();
  await sayAll(rig);
  const args = { action: 'deploy', project: 'shop', env: 'prod' };
  for (let n = 0; n < 6; n++) {
    const ask = { command: 'grant request', args, reason: `release ${n}` };
    const plan = await rig.as('ana', ask);
    await rig.as('ana', { ...ask, confirm: plan.confirm?.digest ?? '' });
    const request = (await rig.records('grant.requested')).at(-1)?.body.id ?? '';
    const approve = { command: 'grant approve', args: { request } };
    const shown = await rig.as('ben', approve);
    await rig.as('ben', { ...approve, confirm: shown.confirm?.digest ?? '' });
  }
  const grants = (await rig.records('grant.issued')).map(({ body }) => body.grant.gid);
  expect(grants).toHaveLength(6);
  await sayAll(rig);
  await rig.app.running.deps.grants.revoke({ sub: 'person:ana' }, 'root', 'she left');
  const said = await sayAll(rig);
  const text = JSON.stringify(said);
  for (const grant of grants) expect(text).toContain(grant);
  expect(said.map(({ channel }) => channel)).toEqual([APPROVALS, APPROVALS, APPROVALS, APPROVALS]);
});

test('a runbook that changed ends a kept grant: its own or one that it calls; told once, with which, also when no daemon ran meanwhile', async () => {
  const ship = `---
runbook: ship
title: Ship it
action: deploy
timeout: 1m
---
\`\`\`call { name=inner runbook=touch }
name: inside
\`\`\`
`;
  const rig = await openChatRig({ runbooks: { ...RUNBOOKS, 'ship.md': ship } });
  await sayAll(rig);
  const own = await keeps(rig, { runbook: 'touch' });
  const calls = await keeps(rig, { runbook: 'ship' });
  const touch = RUNBOOKS['touch.md'] ?? '';
  // Of another runbook: nobody's.
  await rig.write('runbooks/slow.md', (RUNBOOKS['slow.md'] ?? '').replace('Two steps', '2 steps'));
  await rig.as('root', { command: 'config reload' });
  await recorded(rig, 'runbook:slow', 2);
  expect(ends(await sayAll(rig))).toEqual([]);

  await rig.write('runbooks/touch.md', touch.replace('Leave a trace', 'Leave another trace'));
  await rig.as('root', { command: 'config reload' });
  await recorded(rig, 'runbook:touch', 2);
  const told = ends(await sayAll(rig));
  expect(told).toMatchObject([
    { channel: WHERE, mention: [ANA] },
    { channel: WHERE, mention: [ANA] },
  ]);
  const text = JSON.stringify(told);
  for (const words of [own, calls, 'the runbook touch is part of the plan that was approved'])
    expect(text).toContain(words);
  // It is so: the grant opens nothing.
  const answer = await rig.say(ANA, { ...deploy('prod', { runbook: 'touch' }), grant: own } as ChatAsk);
  expect(answer.reply.error?.code).toBe('GRANT_PLAN_MISMATCH');
  expect(await rig.records('job.queued')).toEqual([]);

  // Put back, it counts again; changed while no daemon ran, it is told at the next start.
  await rig.write('runbooks/touch.md', touch);
  await rig.as('root', { command: 'config reload' });
  await recorded(rig, 'runbook:touch', 3);
  expect(ends(await sayAll(rig))).toEqual([]);
  await rig.app.stop('test');
  await rig.write('runbooks/touch.md', touch.replace('Leave a trace', 'Leave a third trace'));
  await rig.restart();
  await recorded(rig, 'runbook:touch', 4);
  expect(JSON.stringify(ends(await sayAll(rig)))).toContain(own);
  await rig.restart();
  expect(ends(await sayAll(rig))).toEqual([]);
});
