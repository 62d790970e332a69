import { generateKeyPairSync } from 'node:crypto';
import { expect, test } from 'vitest';
import type { ChatPost } from '../../contracts/chat.ts';
import { publicLine } from '../../daemon/cosign.ts';
import { decisionToken, lookToken, shownOf, type LocalKey } from '../../daemon/cosign-local.ts';
import { keyId, rawPublicKey } from '../../daemon/ed25519.ts';
import { ANA, APPROVALS, BEN, ESTATE, deploy, openChatRig, sayAll, type ChatRig } from './rig.ts';

const COSIGN = ESTATE.replace('prod: { approvals: 1 }', 'prod: { approvals: 1, cosign: true }');

const local = (): LocalKey => {
  const { privateKey: key } = generateKeyPairSync('ed25519');
  return { key, kid: keyId(rawPublicKey(key)), line: publicLine(key) };
};
const post = async (rig: ChatRig, path: string, token: string): Promise<unknown> => {
  const answer = await fetch(`${rig.app.url}/v1/cosign/${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ token }),
  });
  return answer.json();
};

async function asked(rig: ChatRig): Promise<{ id: string; card: ChatPost }> {
  const answer = await rig.press(ANA, await rig.say(ANA, deploy('prod')), 'Confirm exactly this');
  const id = answer.reply.title.split(' ')[1] ?? '';
  expect(JSON.stringify(answer.reply.blocks)).toContain(`reeve approve ${id}`);
  const [card] = await sayAll(rig);
  if (card === undefined) throw new Error('no card');
  return { id, card };
}

test('attack 24: under co-sign a click only shows the request, whatever is pressed or typed; the answer names the command', async () => {
  const rig = await openChatRig({ estate: COSIGN });
  await sayAll(rig);
  const { id, card } = await asked(rig);
  expect(card.buttons.map(({ label }) => label)).toEqual(['Look at it']);
  expect(JSON.stringify(card.blocks)).toContain(`reeve approve ${id}`);
  const look = await rig.press(BEN, card, 'Look at it');
  expect(JSON.stringify(look.reply.blocks)).toContain('>> trace.txt');
  expect(JSON.stringify(look.reply.blocks)).toContain(`reeve approve ${id}`);
  expect(look.buttons).toEqual([]);
  const typed = await rig.say(BEN, { kind: 'command', command: 'grant approve', args: { request: id } });
  expect(typed.buttons).toEqual([]);
  expect(typed.reply.error).toMatchObject({ code: 'COSIGN_REQUIRED' });
  expect(typed.reply.error?.hint).toContain(`reeve approve ${id}`);
  // Nor by the API or the CLI without a key, also by force.
  const forced = await rig.as('ben', { command: 'grant approve', args: { request: id }, force: true });
  expect(forced.error?.code).toBe('COSIGN_REQUIRED');
  expect(await rig.records('grant.approved')).toEqual([]);
  // Saying no needs no key.
  const no = {
    kind: 'command',
    command: 'grant deny',
    args: { request: id },
    reason: 'not tonight',
  } as const;
  expect((await rig.say(BEN, no)).reply.ok).toBe(true);
});

test('looked at, signed and sent with an enrolled key alone: the job runs, the card says it was a key, the key is announced', async () => {
  const rig = await openChatRig({ estate: COSIGN });
  await sayAll(rig);
  const ben = local();
  const { id, card } = await asked(rig);
  expect(await post(rig, 'look', lookToken(ben, id, Date.now()))).toMatchObject({
    code: 'COSIGN_KEY_UNKNOWN',
  });
  const enrol = { command: 'key enrol', args: { person: 'ben', public: ben.line } };
  expect((await rig.as('ben', { ...enrol, force: true })).error?.code).toBe('FORBIDDEN');
  const inChat = await rig.say(BEN, { kind: 'command', ...enrol });
  expect(inChat.reply.error?.code).toMatch(/CHAT_NOT_HERE|FORBIDDEN/);
  const preview = await rig.as('root', enrol);
  expect(preview.confirm?.question).toContain(ben.kid);
  expect((await rig.as('root', { ...enrol, force: true })).ok).toBe(true);
  const [told] = await sayAll(rig);
  expect(told).toMatchObject({ channel: APPROVALS, mention: [BEN] });

  const shown = shownOf(await post(rig, 'look', lookToken(ben, id, Date.now())));
  expect(shown.view).toMatchObject({ person: 'ben', request: id, state: 'open', asked_by: 'ana' });
  expect(JSON.stringify(shown.blocks)).toContain('>> trace.txt');
  const yes = { decision: 'approve', reason: '' } as const;
  const token = decisionToken(ben, shown, yes, Date.now());
  const other = { ...shown, digest: `sha256:${'0'.repeat(64)}` };
  expect(await post(rig, 'decide', decisionToken(ben, other, yes, Date.now()))).toMatchObject({
    ok: false,
    error: { code: 'GRANT_PLAN_MISMATCH' },
  });
  const answer = (await post(rig, 'decide', token)) as { ok: boolean; job: { id: string } };
  expect(answer.ok).toBe(true);
  expect((await rig.app.running.jobs.wait(answer.job.id)).status).toBe('PASS');
  expect(await post(rig, 'decide', token)).toMatchObject({ error: { code: 'COSIGN_REPLAYED' } });
  expect((await rig.records('grant.approved'))[0]?.body).toMatchObject({
    by: 'ben',
    account: ben.kid,
    cosign: token,
  });
  const said = await sayAll(rig);
  expect(said[0]).toMatchObject({ edit: { message: `m${card.seq}` }, buttons: [] });
  expect(JSON.stringify(said[0]?.blocks)).toContain('ben (with a key)');
  // Every refusal stands in the ledger.
  const codes = (await rig.records('admission.refused')).map(({ body }) => body.error.code);
  expect(codes).toEqual(
    expect.arrayContaining(['COSIGN_KEY_UNKNOWN', 'GRANT_PLAN_MISMATCH', 'COSIGN_REPLAYED']),
  );
});

test('attack 24: neither a grant made ahead nor a broken glass gets a chat account around the keys', async () => {
  const rig = await openChatRig({ estate: COSIGN });
  const made = await rig.as('ben', {
    command: 'preauth create-grant',
    args: { project_ids: ['shop'], auto_deploy_prod: true, subject: 'ana' },
  });
  const { grant_id: grant } = made.data as { grant_id: string };
  const used = await rig.say(ANA, { ...deploy('prod'), grant } as ReturnType<typeof deploy>);
  expect(used.reply.error?.code).toBe('APPROVAL_REQUIRED');
  const ask = { kind: 'command', command: 'deploy', reason: 'down' } as const;
  const glass = await rig.say(ANA, { ...ask, args: { project: 'shop', env: 'prod', break_glass: true } });
  expect(glass.reply.error?.code).toBe('COSIGN_BREAK_GLASS');
  expect(await rig.records('job.queued')).toEqual([]);
});

test('a policy that asks for keys since the request was opened counts', async () => {
  const rig = await openChatRig();
  await sayAll(rig);
  const answer = await rig.press(ANA, await rig.say(ANA, deploy('prod')), 'Confirm exactly this');
  const id = answer.reply.title.split(' ')[1] ?? '';
  await rig.write('reeve.yaml', COSIGN);
  await rig.as('root', { command: 'config reload' });
  const [card] = await sayAll(rig);
  if (card === undefined) throw new Error('no card');
  const late = await rig.press(BEN, card, 'Look and decide');
  expect(late.reply.error).toMatchObject({ code: 'COSIGN_REQUIRED' });
  expect(late.reply.error?.hint).toContain(`reeve approve ${id}`);
});

test('the question of a running step asks for the key, too', async () => {
  const gated = `---
runbook: gated
title: Asks in the middle
action: run
timeout: 1m
---
\`\`\`approve { name=gate }
Go on?
\`\`\`
\`\`\`sh { name=work }
echo on >> trace.txt
\`\`\`
`;
  const rig = await openChatRig({ estate: COSIGN, runbooks: { 'gated.md': gated } });
  const ben = local();
  await rig.as('root', { command: 'key enrol', args: { person: 'ben', public: ben.line }, force: true });
  // On the daemon's machine the glass can be broken: the step still asks.
  const args = { runbook: 'gated', project: 'shop', env: 'prod', break_glass: true };
  const run = await rig.as('ana', { command: 'run', args, force: true, reason: 'down' });
  expect(run.ok).toBe(true);
  await expect.poll(() => rig.records('grant.requested'), { timeout: 20_000 }).toHaveLength(1);
  const id = (await rig.records('grant.requested'))[0]?.body.id ?? '';
  const clicked = await rig.say(BEN, { kind: 'command', command: 'grant approve', args: { request: id } });
  expect(clicked.reply.error?.code).toBe('COSIGN_REQUIRED');
  const shown = shownOf(await post(rig, 'look', lookToken(ben, id, Date.now())));
  const token = decisionToken(ben, shown, { decision: 'approve', reason: '' }, Date.now());
  expect(await post(rig, 'decide', token)).toMatchObject({ ok: true });
  expect(await rig.end(run)).toBe('PASS');
});
