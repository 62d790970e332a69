import { expect, test } from 'vitest';
import type { GrantPayload } from '../../contracts/grant.ts';
import type { LedgerRecord } from '../../contracts/record.ts';
import { grantsProjection, type GrantState } from '../../daemon/grants/projection.ts';
import { HOUR, PLAN } from './rig.ts';

const START = Date.UTC(2026, 0, 5);
const payload = (n: number, ts: number, lifetime = HOUR): GrantPayload => ({
  v: 1,
  gid: `gr_${n.toString(16).padStart(24, '0')}`,
  kid: `key_${'a'.repeat(16)}`,
  iss: 'alice',
  sub: 'person:alice',
  aud: 'reeve.test',
  prj: ['shop'],
  cap: ['deploy:prod'],
  iat: ts,
  nbf: ts,
  exp: ts + lifetime,
  uses: 1,
  cls: 'std',
  par: null,
  rsn: '',
  apr: [],
  crit: [],
});
const issued = (seq: number, ts: number): LedgerRecord => ({
  v: 1,
  seq,
  ts,
  type: 'grant.issued',
  body: { grant: payload(seq, ts), how: 'created' },
});

/** One grant every `step` ms; the most entries the state ever held. */
function foldMany(count: number, step: number): { state: GrantState; most: number } {
  let state = grantsProjection.initial();
  let most = 0;
  for (let n = 0; n < count; n++) {
    state = grantsProjection.apply(state, issued(n, START + n * step));
    if (n % 500 === 0) most = Math.max(most, Object.keys(state.grants).length);
  }
  return { state, most };
}

test('a hundred thousand short grants leave a bounded state, and every living one is in it', () => {
  const { state, most } = foldMany(100_000, 60_000);
  expect(most).toBeLessThan(8000);
  for (let n = 100_000 - 60; n < 100_000; n++) {
    expect(state.grants[`gr_${n.toString(16).padStart(24, '0')}`]).toBeDefined();
  }
});

test('living grants are kept however many they are', () => {
  const { state } = foldMany(12_000, 1);
  expect(Object.keys(state.grants)).toHaveLength(12_000);
});

test('what expired more than thirty days ago goes, by the records alone', () => {
  let state = grantsProjection.initial();
  for (const [n, day] of [0, 20, 31, 60].entries()) {
    state = grantsProjection.apply(state, issued(n, START + day * 24 * HOUR));
  }
  expect(Object.keys(state.grants).map((gid) => Number.parseInt(gid.slice(3), 16))).toEqual([2, 3]);
});

test('records about what is not there change nothing and never throw', () => {
  const gid = payload(1, START).gid;
  const id = `req_${'0'.repeat(24)}`;
  const base = { v: 1, seq: 0, ts: START } as const;
  const orphans: LedgerRecord[] = [
    {
      ...base,
      type: 'grant.used',
      body: { gid, n: 1, by: 'person:a', cap: 'run:dev', project: 'p', plan: PLAN },
    },
    { ...base, type: 'grant.revoked', body: { gid, by: 'a', reason: '' } },
    { ...base, type: 'grant.approved', body: { id, by: 'a', plan: PLAN } },
    { ...base, type: 'grant.denied', body: { id, by: 'a', reason: '' } },
    { ...base, type: 'review.closed', body: { id: `rev_${'0'.repeat(24)}`, by: 'a', verdict: 'x' } },
    { ...base, type: 'key.retired', body: { kid: `key_${'0'.repeat(16)}`, by: 'a', reason: '' } },
    { ...base, type: 'daemon.stopped', body: { why: 'x', uptime_ms: 1 } },
  ];
  const state = orphans.reduce((s, record) => grantsProjection.apply(s, record), grantsProjection.initial());
  expect(state).toEqual(grantsProjection.initial());
});

test('a revocation reaches what stands before it and stays as it was first made', () => {
  const base = { v: 1, ts: START } as const;
  let state = grantsProjection.apply(grantsProjection.initial(), issued(1, START));
  const { gid } = payload(1, START);
  for (const [seq, by] of [
    [2, 'olga'],
    [3, 'mallory'],
  ] as const) {
    state = grantsProjection.apply(state, {
      ...base,
      seq,
      type: 'grant.revoked',
      body: { gid, by, reason: '' },
    });
  }
  expect(state.grants[gid]?.revoked).toMatchObject({ by: 'olga', seq: 2 });
});
