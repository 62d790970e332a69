import { expect, test } from 'vitest';
import type { RecordBody, RecordType } from '../../contracts/record.ts';
import { signalsProjection } from '../../daemon/alerts/index.ts';
import { openRig, type Rig } from './rig.ts';

const digest = `sha256:${'d'.repeat(64)}`;
const id = (n: number): string => `job_${n.toString(16).padStart(32, '0')}`;

async function queue(rig: Rig, n: number, by: string, more: object = {}): Promise<void> {
  const job = {
    job_id: id(n),
    action: 'run',
    runbook: 'backup',
    runbook_digest: digest,
    config_version: digest,
    plan_digest: digest,
    project: 'shop',
    env: 'prod',
    inputs: {},
    inputs_digest: digest,
    anchor: { kind: 'slot' as const, id: String(n) },
    requested_by: by,
    grant_id: `gr_${'b'.repeat(24)}`,
    reason: 'nightly',
    plan: { ref: `artifact:${digest}`, digest },
    ...more,
  };
  await rig.ledger.append('job.queued', { job, title: 'Back up the shop' });
}

async function end(
  rig: Rig,
  n: number,
  status: string,
  more: Partial<RecordBody<'job.attempt'>> = {},
): Promise<void> {
  await rig.ledger.append('job.attempt', {
    attempt: {
      job_id: id(n),
      attempt_id: `${id(n)}.1`,
      status: status as 'PASS',
      created_at_utc: '2026-01-02T03:04:05.678Z',
      updated_at_utc: '2026-01-02T03:04:05.678Z',
    },
    fence: 1,
    owner: 'test',
    ...more,
  });
}

const open = (rig: Rig): string[] => Object.keys(rig.state().open);
const settled = async (rig: Rig): Promise<void> => {
  while (Object.keys(rig.ledger.get(signalsProjection).due).length > 0) await rig.pass(10);
};

test('unattended work that fails is one alert until a run of it passes; what a person runs, retries or calls is none', async () => {
  const rig = openRig({ alerts: {} });
  await queue(rig, 1, 'ana');
  await end(rig, 1, 'FAIL', { why: 'exit 1' });
  await queue(rig, 2, 'daemon');
  await end(rig, 2, 'FAIL', { why: 'exit 1', retry_at: 5 });
  await queue(rig, 3, 'daemon', { parent: id(2) });
  await end(rig, 3, 'FAIL', { why: 'exit 1' });
  await queue(rig, 4, 'daemon', { anchor: { kind: 'incident', id: `inc_${'a'.repeat(16)}#1` } });
  await end(rig, 4, 'FAIL', { why: 'exit 1' });
  await queue(rig, 8, 'daemon', { action: 'run_drill' });
  await end(rig, 8, 'FAIL', { why: 'the copy is damaged' });
  await queue(rig, 5, 'daemon');
  await end(rig, 5, 'CANCELLED', { why: 'halted' });
  await settled(rig);
  expect(open(rig)).toEqual([]);
  await end(rig, 2, 'FAIL', { why: 'exit 2' });
  await settled(rig);
  expect(rig.state().open).toMatchObject({
    'job:backup:shop/prod': {
      body: { title: 'Back up the shop failed', project: 'shop', env: 'prod', severity: 'warn' },
    },
  });
  await queue(rig, 6, 'daemon');
  await end(rig, 6, 'TIMED_OUT');
  await settled(rig);
  expect(open(rig)).toEqual(['job:backup:shop/prod']);
  expect(rig.state().open['job:backup:shop/prod']?.body.text).toContain(id(6));
  await queue(rig, 7, 'daemon');
  await end(rig, 7, 'PASS');
  await settled(rig);
  expect(open(rig)).toEqual([]);
});

test('an unknown outcome is an alert whoever ran it, until somebody has looked', async () => {
  const rig = openRig({ alerts: {} });
  await queue(rig, 1, 'ana');
  await end(rig, 1, 'UNKNOWN', { why: 'the daemon was killed' });
  await queue(rig, 2, 'daemon');
  await end(rig, 2, 'UNKNOWN');
  await settled(rig);
  expect(open(rig)).toEqual([`job:${id(1)}`, 'job:backup:shop/prod']);
  for (const n of [1, 2])
    await rig.ledger.append('job.resolved', { job_id: id(n), as: 'PASS', by: 'ana', reason: 'looked' });
  await settled(rig);
  expect(open(rig)).toEqual([]);
});

const REVIEW = `rev_${'a'.repeat(24)}`;
const MANDATE = { id: 'schedule:nightly', digest, entry: '{}', runbooks: {} };

test.each<[string, [RecordType, object], [RecordType, object] | undefined]>([
  [
    'mandate:schedule:nightly',
    [
      'mandate.suspended',
      { id: 'schedule:nightly', now: digest, accepted: digest, why: 'its entry changed' },
    ],
    ['mandate.accepted', { mandate: MANDATE, by: 'ana', first_start: false }],
  ],
  [
    `review:${REVIEW}`,
    ['review.opened', { id: REVIEW, gid: `gr_${'b'.repeat(24)}`, skipped: ['ben'], reason: 'it burns' }],
    ['review.closed', { id: REVIEW, by: 'ben', verdict: 'right' }],
  ],
  [
    'config:reeve.yaml',
    ['config.refused', { config_name: 'reeve.yaml', digest, problems: ['reeve.yaml:1:1: no'] }],
    ['config.restored', { config_name: 'reeve.yaml', digest }],
  ],
  [
    'zone:drift',
    ['zone.drift', { mode: 'strict', files: ['.claude/x'] }],
    ['zone.accepted', { digest, by: 'ana', files: 1 }],
  ],
  ['ledger:disk_full', ['ledger.disk_full', { refused: 3, resumed_in: '0009.jsonl' }], undefined],
  [
    'ledger:repaired',
    ['ledger.repaired', { segment: '0', kept_bytes: 1, cut_bytes: 2, cut_digest: digest, aside: 'x' }],
    undefined,
  ],
  [
    'chat:slack/C024BE91M',
    ['chat.posted', { platform: 'slack', seq: 8, channel: 'C024BE91M', why: 'Slack: not_in_channel' }],
    ['chat.posted', { platform: 'slack', seq: 12, at: { channel: 'C024BE91M', message: '1.2' } }],
  ],
  [
    'chat:discord/1234567890',
    ['chat.posted', { platform: 'discord', seq: 8, channel: '1234567890', why: 'Discord: Missing Access' }],
    undefined,
  ],
  ['daemon:clock', ['daemon.clock_jumped', { by_ms: -90_000, seen: 'back' }], undefined],
])('%s is raised, and has an end', async (key, [type, body], ending) => {
  const rig = openRig({ alerts: {} });
  await rig.ledger.append(type, body as RecordBody<RecordType>);
  await settled(rig);
  expect(open(rig)).toEqual([key]);
  if (ending === undefined) await rig.alerts.acknowledge(key, 'ana', 'seen');
  else await rig.ledger.append(ending[0], ending[1] as RecordBody<RecordType>);
  await settled(rig);
  expect(open(rig)).toEqual([]);
});

test('a start after an end that was none is said, one after an orderly stop is not', async () => {
  const rig = openRig({ alerts: {} });
  const start = () =>
    rig.ledger.append('daemon.started', { reeve: '1', node: '24', pid: 1, config_version: digest });
  await start();
  await rig.ledger.append('daemon.stopped', { why: 'SIGTERM', uptime_ms: 1 });
  await start();
  await settled(rig);
  expect(open(rig)).toEqual([]);
  await start();
  await settled(rig);
  expect(open(rig)).toEqual(['daemon:crash']);
});

test('a suspended laptop, a removed entry and warn-mode drift alarm nobody', async () => {
  const rig = openRig({ alerts: {} });
  await rig.ledger.append('daemon.clock_jumped', { by_ms: 9_000_000, seen: 'suspended' });
  await rig.ledger.append('daemon.clock_jumped', { by_ms: 2000, seen: 'forward' });
  await rig.ledger.append('zone.drift', { mode: 'warn', files: ['.claude/x'] });
  await rig.ledger.append('mandate.suspended', {
    id: 'schedule:gone',
    now: null,
    accepted: digest,
    why: 'its entry was removed from reeve.yaml',
  });
  await settled(rig);
  expect(rig.records('alert.raised')).toEqual([]);
});

test('trouble that was recorded before a kill is raised by the next daemon, once', async () => {
  const rig = openRig({ alerts: {} });
  await rig.stop();
  await rig.ledger.append('zone.drift', { mode: 'strict', files: ['.claude/x'] });
  expect(rig.records('alert.raised')).toEqual([]);
  const again = openRig({ alerts: {}, clock: rig.clock, lines: rig.ledger.lines });
  await settled(again);
  await again.stop();
  const third = openRig({ alerts: {}, clock: rig.clock, lines: again.ledger.lines });
  await settled(third);
  expect(third.records('alert.raised').map(({ body }) => body.key)).toEqual(['zone:drift']);
});
