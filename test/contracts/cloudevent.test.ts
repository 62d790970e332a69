import { expect, test } from 'vitest';
import { CloudEvent, toCloudEvent } from '../../contracts/cloudevent.ts';
import type { LedgerRecord } from '../../contracts/record.ts';

const record: LedgerRecord = {
  v: 1,
  seq: 42,
  ts: Date.UTC(2026, 0, 2, 3, 4, 5, 6),
  type: 'daemon.stopped',
  body: { why: 'asked to', uptime_ms: 5 },
};

test('a ledger record as a CloudEvents 1.0 envelope', () => {
  const event = toCloudEvent(record, 'reeve/0123 äb');
  expect(CloudEvent.parse(event)).toEqual({
    specversion: '1.0',
    id: 'reeve/0123 äb/42',
    source: 'urn:reeve:ledger:reeve%2F0123%20%C3%A4b',
    type: 'dev.reeve.daemon.stopped',
    time: '2026-01-02T03:04:05.006Z',
    datacontenttype: 'application/json',
    sequence: '0000000000000042',
    data: { why: 'asked to', uptime_ms: 5 },
  });
});

test('attribute names are lower-case letters and digits (CloudEvents 1.0 §3.1)', () => {
  for (const name of Object.keys(toCloudEvent(record, 'x'))) expect(name).toMatch(/^[a-z0-9]{1,20}$/);
});

test.each([{ specversion: '0.3' }, { type: 'other' }, { source: 'https://x' }, { time: 'yesterday' }])(
  'no envelope of ours: %o',
  (change) => {
    expect(CloudEvent.safeParse({ ...toCloudEvent(record, 'x'), ...change }).success).toBe(false);
  },
);
