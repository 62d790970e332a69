import { expect, test } from 'vitest';
import type { LedgerRecord, RecordBody, RecordType } from '../../contracts/record.ts';
import { KEPT_ARTIFACTS, KEPT_FINISHED, KEPT_IDS, type JobsState } from '../../daemon/jobs/entries.ts';
import { everQueued, readJob, resolveId } from '../../daemon/jobs/history.ts';
import { locksProjection, lockOf } from '../../daemon/jobs/locks.ts';
import { jobsProjection } from '../../daemon/jobs/projection.ts';
import { maybeSeen, remember } from '../../daemon/jobs/seen.ts';
import type { Ledger } from '../../daemon/ports/ledger.ts';
import { sha256Hex } from '../../daemon/digest.ts';

const DIGEST = `sha256:${'a'.repeat(64)}`;
const idOf = (n: number): string => `job_${sha256Hex(String(n)).slice(0, 32)}`;
const utc = '2026-01-01T00:00:00.000Z';

/** Folds what a ledger would hold. */
class Fold {
  state: JobsState = jobsProjection.initial();
  readonly records: LedgerRecord[] = [];
  /** What was asked of the ledger: from, how many. */
  reads: [number, number][] = [];
  add<T extends RecordType>(type: T, body: RecordBody<T>): void {
    const seq = this.records.length;
    const record = { v: 1, seq, ts: 1000 + seq, type, body } as unknown as LedgerRecord;
    this.records.push(record);
    this.state = jobsProjection.apply(this.state, record);
  }
  queue(job_id: string): void {
    const job: RecordBody<'job.queued'>['job'] = {
      job_id,
      action: 'deploy',
      runbook: 'ship',
      runbook_digest: DIGEST,
      config_version: DIGEST,
      plan_digest: DIGEST,
      project: 'shop',
      env: 'staging',
      inputs: {},
      inputs_digest: DIGEST,
      anchor: { kind: 'nonce', id: job_id },
      requested_by: 'alice',
      grant_id: `gr_${'0'.repeat(24)}`,
      reason: 'r',
      plan: { ref: 'artifact:x' },
    };
    this.add('job.queued', { job, title: 'Ship' });
  }
  attempt(
    job_id: string,
    fence: number,
    status: 'QUEUED' | 'RUNNING' | 'PASS' | 'FAIL' | 'UNKNOWN',
    more = {},
  ): void {
    const attempt_id = `${job_id}.${fence}`;
    const attempt = { job_id, attempt_id, status, created_at_utc: utc, updated_at_utc: utc };
    this.add('job.attempt', { attempt, fence, owner: 'd', ...more });
  }
  ledger(): Ledger {
    const { records } = this;
    const reads = (range: [number, number]): void => void this.reads.push(range);
    const read = async function* (from: number, { limit = Infinity } = {}) {
      reads([from, limit]);
      yield* records.slice(from, from + limit);
    };
    return { read } as unknown as Ledger;
  }
}

test('bounded: live jobs and 500 ended in detail, 10,000 ids, and a filter that never says no to a known id', async () => {
  const fold = new Fold();
  const total = KEPT_IDS + KEPT_FINISHED + 300;
  const live = idOf(-1);
  fold.queue(live);
  fold.attempt(live, 1, 'UNKNOWN');
  for (let n = 0; n < total; n++) {
    fold.queue(idOf(n));
    fold.attempt(idOf(n), 1, n % 2 === 0 ? 'PASS' : 'FAIL');
  }
  const { state } = fold;
  expect(Object.keys(state.jobs)).toHaveLength(KEPT_FINISHED + 1);
  expect(state.jobs[live]?.status).toBe('UNKNOWN');
  expect(Object.keys(state.older)).toHaveLength(KEPT_IDS);
  expect(state.older[idOf(300)]?.[0]).toBe('PASS');
  expect(state.older[idOf(301)]?.[0]).toBe('FAIL');
  for (let n = 0; n < 300; n++) expect(maybeSeen(state.forgotten, idOf(n))).toBe(true);
  const ledger = fold.ledger();
  expect(await everQueued(ledger, state, idOf(7))).toBe(true);
  expect(await everQueued(ledger, state, idOf(total + 1))).toBe(false);
  expect(await resolveId(ledger, state, idOf(7).slice(4, 20))).toBe(idOf(7));
  expect((await readJob(ledger, state, idOf(7)))?.attempts[0]?.record.status).toBe('FAIL');
  // Where a job among the 10,000 stands is known: nothing else is read for it.
  fold.reads = [];
  expect(await readJob(ledger, state, idOf(301))).toEqual(await readJob(ledger, { older: {} }, idOf(301)));
  expect(fold.reads).toEqual([
    [604, 2],
    [0, Infinity],
  ]);
  // A verdict lets an UNKNOWN job go the way of the others.
  fold.add('job.resolved', { job_id: live, as: 'FAIL', by: 'bob', reason: 'r' });
  expect(state.finished.at(-1)).toBe(live);
  expect(Object.keys(state.jobs)).toHaveLength(KEPT_FINISHED);
}, 60_000);

test('a filter of 30,000 ids is wrong about few others', () => {
  const filter: number[] = [];
  for (let n = 0; n < 30_000; n++) remember(filter, idOf(n));
  let wrong = 0;
  for (let n = 100_000; n < 110_000; n++) if (maybeSeen(filter, idOf(n))) wrong += 1;
  expect(wrong / 10_000).toBeLessThan(0.05);
  expect(filter.every((word) => Number.isSafeInteger(word) && word >= 0)).toBe(true);
});

test('ambiguous and impossible ids are refused', async () => {
  const fold = new Fold();
  fold.queue(`job_${'a'.repeat(31)}b`);
  fold.queue(`job_${'a'.repeat(31)}c`);
  const find = (id: string) => resolveId(fold.ledger(), fold.state, id);
  await expect(find('aaaaaaaa')).rejects.toMatchObject({ code: 'JOB_AMBIGUOUS' });
  for (const id of ['aaaaaaa', 'job_', '__proto__', 'constructor', '%2e%2e', 'job_AAAAAAAA'])
    await expect(find(id)).rejects.toMatchObject({ code: 'JOB_NOT_FOUND' });
  expect(await find(`job_${'a'.repeat(31)}b.3`)).toBe(`job_${'a'.repeat(31)}b`);
});

test('records of a replaced attempt, and second outcomes, change nothing', () => {
  const fold = new Fold();
  const id = idOf(1);
  fold.queue(id);
  fold.attempt(id, 1, 'RUNNING');
  fold.attempt(id, 1, 'UNKNOWN');
  fold.attempt(id, 2, 'RUNNING');
  const step = { job_id: id, attempt_id: `${id}.1`, fence: 1, step: 'one', ms: 1 };
  const before = JSON.stringify(fold.state);
  fold.add('job.step.finished', { ...step, status: 'PASS' });
  fold.attempt(id, 1, 'PASS');
  expect(JSON.stringify(fold.state)).toBe(before);
  fold.attempt(id, 2, 'FAIL');
  const failed = JSON.stringify(fold.state);
  fold.attempt(id, 2, 'PASS');
  expect(JSON.stringify(fold.state)).toBe(failed);
  expect(fold.state.passes).toEqual({});
});

test('artifacts: one PASS among several makers is enough, for ever, and the list is bounded', () => {
  const fold = new Fold();
  const made = `sha256:${'b'.repeat(64)}`;
  const make = (n: number, digest: string, status: 'PASS' | 'FAIL'): void => {
    const id = idOf(n);
    fold.queue(id);
    fold.attempt(id, 1, 'RUNNING');
    const step = { job_id: id, attempt_id: `${id}.1`, fence: 1, step: 'one' };
    const place = { kind: 'sh', index: 0, on: 'normal' as const, source: 'x:L1', digest: DIGEST };
    fold.add('job.step.started', { ...step, ...place });
    fold.add('job.step.finished', { ...step, status: 'PASS', ms: 1, artifacts: [{ ref: 'x', digest }] });
    expect(fold.state.artifacts[digest]?.status).not.toBe('UNKNOWN');
    fold.attempt(id, 1, status);
  };
  make(1, made, 'FAIL');
  expect(fold.state.artifacts[made]?.status).toBe('FAIL');
  make(2, made, 'PASS');
  make(3, made, 'FAIL');
  expect(fold.state.artifacts[made]?.status).toBe('PASS');
  for (let n = 10; n < KEPT_ARTIFACTS + 12; n++) make(n, `sha256:${sha256Hex(String(n))}`, 'FAIL');
  expect(Object.keys(fold.state.artifacts)).toHaveLength(KEPT_ARTIFACTS);
  expect(fold.state.artifacts_forgotten).toBe(3);
}, 60_000);

test('a lock may have any name; only its owner releases it', () => {
  let state = locksProjection.initial();
  const apply = <T extends RecordType>(type: T, body: RecordBody<T>): void => {
    state = locksProjection.apply(state, { v: 1, seq: 0, ts: 5, type, body } as unknown as LedgerRecord);
  };
  for (const lock of ['__proto__', 'constructor', 'shop/prod']) {
    const owner = `${idOf(1)}.1`;
    expect(lockOf(state, lock)).toBeUndefined();
    apply('lock.acquired', { lock, owner, fence: 1, reason: 'r', lease_until: 10 });
    expect(lockOf(state, lock)).toMatchObject({ owner, since: 5 });
    apply('lock.released', { lock, owner: `${idOf(2)}.1` });
    expect(lockOf(state, lock)?.owner).toBe(owner);
    apply('lock.released', { lock, owner });
    expect(lockOf(state, lock)).toBeUndefined();
  }
});
