import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { expect, test } from 'vitest';
import { ANA, BEN, ESTATE, OPS, TEAM, deploy, openChatRig, sayAll, type ChatRig } from './rig.ts';

const HEADS = '100000000000000019';
const confirm = 'Confirm exactly this';
const opens = (rig: ChatRig, title: string) =>
  rig.as('ana', { command: 'incidents open', args: { title, project: 'shop', env: 'prod' } });
const titles = async (rig: ChatRig): Promise<string[]> => (await sayAll(rig)).map(({ title }) => title);

test('a bot that is new hears of nothing that was before it; one with a new credential goes on where it was', async () => {
  const rig = await openChatRig();
  const setUp = async (): Promise<void> => {
    await rig.as('root', { command: 'chat setup', args: { platform: 'discord' } });
    rig.tokens.discord = (await readFile(path.join(rig.home, 'bots', 'discord.token'), 'utf8')).trim();
  };
  await rig.as('root', { command: 'chat remove', args: { platform: 'discord' }, force: true });
  await opens(rig, 'Before');
  await setUp();
  expect(await sayAll(rig)).toEqual([]);
  await opens(rig, 'While it was away');
  await setUp();
  expect(await titles(rig)).toEqual(['Open: While it was away']);
});

test('what was asked on one platform is answered there; the other has the card, and calls whom it knows', async () => {
  const rig = await openChatRig({
    estate: ESTATE.replace(`['${TEAM}/U0000BEN']`, `['T99999999/U9999BEN', '${TEAM}/U0000BEN']`),
  });
  for (const platform of ['discord', 'slack'] as const) await sayAll(rig, platform);
  await rig.press('U0000ANA', await rig.say('U0000ANA', deploy('prod')), confirm);
  const [card] = await sayAll(rig);
  // Cleo has no account on Slack, and one of Ben's is in another workspace.
  expect((await sayAll(rig, 'slack')).map(({ mention }) => mention)).toEqual([['U0000BEN']]);
  if (card === undefined) throw new Error('no card');
  await rig.press(BEN, await rig.press(BEN, card, 'Look and decide'), 'Approve exactly this');
  await rig.app.running.jobs.wait((await rig.records('job.queued'))[0]?.body.job.job_id ?? '');
  expect(await sayAll(rig)).toMatchObject([{ edit: { message: `m${card.seq}` }, mention: [] }]);
  const told = (await sayAll(rig, 'slack')).filter(({ edit }) => edit === undefined);
  expect(told.map(({ channel }) => channel)).toEqual(['C00000009', 'C00000009']);
  expect(told.map(({ mention }) => mention)).toEqual([['U0000ANA'], []]);
  expect(told.map(({ job }) => job !== undefined)).toEqual([false, true]);
});

test('heads and reports are told where a channel is named for them, and nowhere else', async () => {
  const head = { size: 1, root: '0'.repeat(64) };
  const said = { tone: 'info', title: 'The week', text: '' } as const;
  const tells = async (estate: string): Promise<[string, string][]> => {
    const rig = await openChatRig({ estate });
    await sayAll(rig);
    await rig.app.store.ledger.append('chat.head', head);
    await rig.app.store.ledger.append('chat.said', { ...said, message: 'a', topic: 'reports' });
    await rig.app.store.ledger.append('chat.said', { ...said, message: 'b', topic: 'alerts' });
    return (await sayAll(rig)).map(({ topic, channel }) => [topic, channel]);
  };
  expect(await tells(ESTATE)).toEqual([['alerts', OPS]]);
  expect(await tells(ESTATE.replace('approvals: "', `heads: "${HEADS}", approvals: "`))).toEqual([
    ['heads', HEADS],
    ['alerts', OPS],
  ]);
});

test('a message that was handed over twice, as before and after a crash, is said once', async () => {
  const rig = await openChatRig();
  await sayAll(rig);
  const said = { message: 'm-1', topic: 'alerts', tone: 'bad', title: 'The disk is full', text: '' } as const;
  await rig.app.store.ledger.append('chat.said', said);
  await rig.app.store.ledger.append('chat.said', said);
  expect(await titles(rig)).toEqual(['The disk is full']);
  await rig.app.store.ledger.append('chat.said', said);
  expect(await sayAll(rig)).toEqual([]);
});

test('attack 49: what has become a secret since is hidden wherever it would come out: name of a thread, picture, suggestion, record', async () => {
  const word = 'correct-horse-battery';
  const rig = await openChatRig({
    estate: ESTATE.replace('  other:\n', `  other:\n    title: 'about ${word}'\n`),
  });
  await sayAll(rig);
  await opens(rig, `Slow since ${word}`);
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="10" height="10"><text>${word}</text></svg>`;
  const chart = await rig.app.store.artifacts.put(Buffer.from(svg), {
    mediaType: 'image/svg+xml',
    name: 'c.svg',
  });
  await rig.app.store.ledger.append('drill.result', {
    drill: 'restore-shop',
    job_id: `job_${'0'.repeat(32)}`,
    verdict: 'PASS',
    rpo_ms: 1,
    rto_ms: 1,
    objective_rpo_ms: null,
    objective_rto_ms: null,
    phases: {},
    evidence: [chart],
  });
  await rig.as('root', { command: 'secret set', args: { name: 'word', value: word } });
  const posts = await rig.bot('discord').posts(0);
  expect(posts.map(({ topic }) => topic)).toEqual(['incidents', 'drills']);
  expect(posts[0]?.thread).toBe('Slow since [redacted]');
  expect(posts[1]?.picture?.svg).toContain('<text>[redacted]</text>');
  expect(JSON.stringify(posts)).not.toContain(word);

  const bot = rig.bot('discord');
  const from = { place: '100000000000000001', application: '100000000000000002', account: ANA };
  const suggested = await bot.relay({
    from: { ...from, channel: '300000000000000001', interaction: '900000000000077777' },
    ask: { kind: 'suggest', type: 'project', text: 'other', given: {} },
  });
  expect(suggested).toMatchObject({ suggestions: [{ value: 'other', label: 'other: about [redacted]' }] });

  await bot.posted({ seq: posts[0]?.seq ?? 0, outcome: { is: 'given_up', why: `no place for ${word}` } });
  expect((await rig.records('chat.posted')).at(-1)?.body.why).toBe('no place for [redacted]');
  const incident = (await rig.records('incident.opened'))[0]?.body.id ?? '';
  await rig.say(ANA, { kind: 'command', command: 'incidents ack', args: { incident } });
  expect((await rig.records('chat.answered')).at(-1)?.body.title).toContain('[redacted]');
});
