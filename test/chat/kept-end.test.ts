import { expect, test } from 'vitest';
import type { ChatAsk, ChatPost } from '../../contracts/chat.ts';
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
