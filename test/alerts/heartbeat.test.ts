import { expect, test } from 'vitest';
import { until } from '../helpers/daemon.ts';
import { receiver, status } from './receiver.ts';
import { KEY, openRig } from './rig.ts';

async function setUp(more: object = {}) {
  const outside = await receiver();
  const chat = await receiver();
  const rig = openRig({
    alerts: {
      channels: { chat: { kind: 'webhook', url: chat.url, secret: 'key' } },
      routes: [{ channels: ['chat'], group_wait: '1s' }],
      heartbeat: { secret: 'beat', every: '1m', ...more },
    },
    allow: [outside.host, chat.host],
    secrets: { key: KEY, beat: `${outside.url}/ping/uuid?x=1` },
  });
  const beats = async (n: number): Promise<void> => {
    const from = outside.got.length;
    while (outside.got.length < from + n) await rig.pass(1000);
  };
  return { rig, outside, chat, beats };
}

test('the outside is pinged every so often, and told when the daemon is unwell', async () => {
  const { rig, outside, beats } = await setUp();
  await beats(2);
  expect(outside.got.map(({ method, path }) => `${method} ${path}`)).toEqual([
    'GET /ping/uuid?x=1',
    'GET /ping/uuid?x=1',
  ]);
  rig.ledger.broken = 'an input/output error';
  await beats(1);
  expect(outside.got.at(-1)?.path).toBe('/ping/uuid/fail?x=1');
});

test('one failed ping alarms nobody; three in a row do, and it is taken back', async () => {
  const { rig, outside, chat, beats } = await setUp();
  await beats(1);
  outside.answer = status(500);
  await beats(2);
  outside.answer = undefined;
  await beats(1);
  outside.answer = status(500);
  await beats(2);
  expect(rig.records('alert.raised')).toEqual([]);
  await beats(1);
  await until(() => rig.records('alert.raised').length === 1);
  await rig.pass(5000);
  await until(() => chat.got.length === 1);
  expect(chat.got[0]?.json.data?.title).toBe('WARN: The outside heartbeat cannot be reached');
  // The address is a secret.
  expect(chat.got[0]?.text).not.toContain('/ping/uuid');
  outside.answer = undefined;
  await beats(1);
  await until(() => rig.records('alert.resolved').length === 1);
});

test('a ledger that cannot be written is told without it, once, and so is its recovery', async () => {
  const { rig, chat } = await setUp();
  await rig.pass(1000);
  rig.ledger.broken = 'no space left on the device';
  await expect(rig.raise('probe:web')).rejects.toMatchObject({ code: 'LEDGER_UNWRITABLE' });
  const tell = async (n: number): Promise<void> => {
    while (chat.got.length < n) await rig.pass(1000);
  };
  await tell(1);
  expect(chat.got[0]?.json.data?.title).toBe('PAGE: Reeve cannot write its ledger');
  expect(chat.got[0]?.text).toContain('no space left on the device');
  for (let i = 0; i < 10; i++) await rig.clock.advance(15_000);
  rig.ledger.broken = undefined;
  await tell(2);
  expect(chat.got[1]?.json.data?.title).toBe('Resolved: Reeve can write its ledger again');
  expect(chat.got).toHaveLength(2);
});
