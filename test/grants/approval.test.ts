import { afterEach, beforeEach, expect, test } from 'vitest';
import type { RecordBody } from '../../contracts/record.ts';
import { HOUR, OTHER_PLAN, PLAN, refused, Rig } from './rig.ts';

let rig: Rig;
beforeEach(async () => {
  rig = await Rig.make();
});
afterEach(() => rig[Symbol.asyncDispose]());

type Asked = Omit<RecordBody<'grant.requested'>, 'id'>;
const asked = (over: Partial<Asked> = {}): Asked => ({
  by: 'alice',
  cap: 'deploy:prod',
  project: 'shop',
  env: 'prod',
  plan: PLAN,
  plan_ref: { ref: `artifact:${PLAN}`, digest: PLAN },
  command: 'deploy',
  args: { project: 'shop', env: 'prod' },
  needs: 2,
  approvers: ['alice', 'bob', 'carol'],
  break_glass: false,
  uses: 1,
  lifetime_ms: HOUR,
  reason: 'release 7',
  expires: rig.clock.now() + 4 * HOUR,
  ...over,
});
const ask = async (over: Partial<Asked> = {}): Promise<string> =>
  (await rig.grants.request(asked(over))).request.id;

test('two approvals make a signed, plan-bound grant whose clock starts at the second', async () => {
  const id = await ask();
  await rig.clock.advance(2 * HOUR);
  const first = await rig.grants.approve(id, 'bob', PLAN, { account: 'discord:1' });
  expect(first.grant).toBeUndefined();
  expect(first.request).toMatchObject({ state: 'open', approvals: [{ by: 'bob', account: 'discord:1' }] });
  await rig.clock.advance(HOUR);
  const { grant, request } = await rig.grants.approve(id, 'carol', PLAN);
  expect(request.state).toBe('granted');
  const now = rig.clock.now();
  expect(grant?.payload).toMatchObject({
    iss: 'carol',
    sub: 'person:alice',
    apr: ['bob', 'carol'],
    plan: PLAN,
    cap: ['deploy:prod'],
    nbf: now,
    exp: now + HOUR,
    uses: 1,
    cls: 'std',
  });
  const gid = grant?.payload.gid ?? '';
  expect(request.gid).toBe(gid);
  await refused(rig, 'GRANT_PLAN_MISMATCH', () => rig.use(gid, { plan: OTHER_PLAN }));
  expect((await rig.use(gid)).n).toBe(1);
});

test('attack 23: an approval of another plan than the requested one is refused', async () => {
  const id = await ask();
  for (const plan of [OTHER_PLAN, '', PLAN.toUpperCase(), `${PLAN} `, PLAN.slice(0, 20)]) {
    await refused(rig, 'GRANT_PLAN_MISMATCH', () => rig.grants.approve(id, 'bob', plan));
  }
});

test('attack 24: nobody approves their own request, also not through a second linked account', async () => {
  const id = await ask();
  for (const account of ['os:1000', 'discord:111111111111111111', 'slack:T0/U0', undefined]) {
    const error = await refused(rig, 'APPROVAL_SELF', () =>
      rig.grants.approve(id, 'alice', PLAN, { account }),
    );
    expect(error.hint).toContain('bob, carol');
  }
  await rig.grants.approve(id, 'bob', PLAN, { account: 'discord:2' });
  await refused(rig, 'APPROVAL_TWICE', () => rig.grants.approve(id, 'bob', PLAN, { account: 'slack:T0/U9' }));
  await refused(rig, 'FORBIDDEN', () => rig.grants.approve(id, 'mallory', PLAN));
  expect((await rig.grants.requests({ openOnly: true })).map((r) => r.id)).toEqual([id]);
});

test('attack 24: one person approving twenty times at once counts once', async () => {
  const id = await ask();
  const all = await Promise.allSettled(
    Array.from({ length: 20 }, (_, i) => rig.grants.approve(id, 'bob', PLAN, { account: `account:${i}` })),
  );
  expect(all.filter((r) => r.status === 'fulfilled')).toHaveLength(1);
  expect((await rig.grants.requests())[0]?.state).toBe('open');
});

test('attack 24: the same when a full disk makes the ledger sequence the approvals later', async () => {
  const id = await ask();
  let unblock = (): void => undefined;
  rig.ledger.blocked = new Promise((resolve) => {
    unblock = resolve;
  });
  const calls = Array.from({ length: 20 }, () => rig.grants.approve(id, 'bob', PLAN));
  unblock();
  const all = await Promise.allSettled(calls);
  expect(all.filter((r) => r.status === 'fulfilled')).toHaveLength(1);
  expect((await rig.grants.requests())[0]).toMatchObject({ state: 'open', gid: null });
});

test('attack 24: a request that only its own author could approve is refused', async () => {
  await refused(rig, 'APPROVERS_TOO_FEW', () => rig.grants.request(asked({ approvers: ['alice', 'bob'] })));
  await refused(rig, 'APPROVERS_TOO_FEW', () =>
    rig.grants.request(asked({ needs: 1, approvers: ['alice', 'alice'] })),
  );
  await refused(rig, 'APPROVERS_TOO_FEW', () =>
    rig.grants.request(asked({ needs: 2, approvers: ['bob', 'bob'] })),
  );
  await refused(rig, 'ARGUMENTS_INVALID', () => rig.grants.request(asked({ needs: 0 })));
});

test('both last approvals at once make one grant', async () => {
  const id = await ask({ needs: 1 });
  const all = await Promise.allSettled([
    rig.grants.approve(id, 'bob', PLAN),
    rig.grants.approve(id, 'carol', PLAN),
  ]);
  expect(all.map((r) => r.status)).toEqual(['fulfilled', 'rejected']);
  expect(rig.ledger.records().filter((r) => r.type === 'grant.issued')).toHaveLength(1);
  await refused(rig, 'REQUEST_CLOSED', () => rig.grants.approve(id, 'carol', PLAN));
});

test('a denied, withdrawn or expired request stays closed', async () => {
  const [denied, withdrawn, expired] = [await ask(), await ask(), await ask()];
  await refused(rig, 'FORBIDDEN', () => rig.grants.deny(denied, 'mallory', 'no'));
  expect((await rig.grants.deny(denied, 'bob', 'not on a Friday')).state).toBe('denied');
  expect((await rig.grants.deny(withdrawn, 'alice', 'wrong tag')).state).toBe('denied');
  await refused(rig, 'REQUEST_CLOSED', () => rig.grants.approve(denied, 'carol', PLAN));
  await refused(rig, 'REQUEST_CLOSED', () => rig.grants.approve(withdrawn, 'carol', PLAN));
  rig.clock.suspend(4 * HOUR);
  await refused(rig, 'REQUEST_CLOSED', () => rig.grants.approve(expired, 'bob', PLAN));
  await refused(rig, 'REQUEST_CLOSED', () => rig.grants.deny(expired, 'bob', 'late'));
  await refused(rig, 'REQUEST_NOT_FOUND', () => rig.grants.approve(`req_${'0'.repeat(24)}`, 'bob', PLAN));
  const states = (await rig.grants.requests()).map(({ state }) => state).sort();
  expect(states).toEqual(['denied', 'denied', 'expired']);
});

test('approved, then the daemon stopped before it signed: the start completes it while it is in time', async () => {
  const id = await ask({ needs: 1 });
  await rig.ledger.append('grant.approved', { id, by: 'bob', plan: PLAN });
  const approvedAt = rig.clock.now();
  await rig.restart();
  await rig.clock.advance(HOUR / 2);
  const [grant, ...more] = await rig.grants.completeRequests();
  expect(more).toEqual([]);
  expect(grant?.payload).toMatchObject({ nbf: approvedAt, exp: approvedAt + HOUR, apr: ['bob'] });
  expect(await rig.grants.completeRequests()).toEqual([]);
  const late = await ask({ needs: 1 });
  await rig.ledger.append('grant.approved', { id: late, by: 'bob', plan: PLAN });
  rig.clock.suspend(HOUR);
  expect(await rig.grants.completeRequests()).toEqual([]);
});

test('break-glass demands a reason, lists who was skipped, and leaves an open review', async () => {
  await refused(rig, 'REASON_REQUIRED', () => rig.issue({ cls: 'break_glass', reason: ' ' }));
  await refused(rig, 'REASON_REQUIRED', () =>
    rig.grants.request(asked({ break_glass: true, needs: 0, reason: '' })),
  );
  await refused(rig, 'GRANT_LIFETIME', () =>
    rig.grants.request(asked({ break_glass: true, needs: 0, lifetime_ms: 2 * HOUR + 1 })),
  );
  const { grant, request } = await rig.grants.request(asked({ break_glass: true, needs: 0 }));
  expect(request.state).toBe('granted');
  expect(grant?.payload).toMatchObject({ cls: 'break_glass', apr: [], iss: 'alice', sub: 'person:alice' });
  const [review] = await rig.grants.reviews({ openOnly: true });
  expect(review).toMatchObject({
    id: grant?.review,
    gid: grant?.payload.gid,
    skipped: ['bob', 'carol'],
    reason: 'release 7',
  });
  expect((await rig.use(grant?.payload.gid ?? '')).review).toBeUndefined();
  expect(await rig.grants.reviews({ openOnly: true })).toHaveLength(1);
});

test('a review stays open until another person closes it, over a restart and the sweep', async () => {
  const { payload, review = '' } = await rig.issue({
    cls: 'break_glass',
    lifetime_ms: HOUR,
    uses: 2,
    skipped: ['bob'],
  });
  await rig.restart();
  await refused(rig, 'APPROVAL_SELF', () =>
    rig.grants.closeReview(review, 'alice', 'fine', ['alice', 'bob']),
  );
  await refused(rig, 'REASON_REQUIRED', () => rig.grants.closeReview(review, 'bob', ' ', ['bob']));
  expect((await rig.grants.closeReview(review, 'bob', 'justified', ['alice', 'bob'])).closed).toMatchObject({
    by: 'bob',
    verdict: 'justified',
  });
  await refused(rig, 'REVIEW_NOT_FOUND', () => rig.grants.closeReview(review, 'bob', 'again', []));
  // Used after its review was closed: that use is reviewed too.
  const used = await rig.use(payload.gid);
  expect(used.review).toMatch(/^rev_/);
  expect((await rig.grants.reviews({ openOnly: true }))[0]?.skipped).toEqual(['bob']);
  await rig.clock.advance(100 * 24 * HOUR);
  await rig.issue();
  expect((await rig.grants.reviews()).map(({ id }) => id)).toEqual([used.review]);
  await refused(rig, 'GRANT_NOT_FOUND', () => rig.grants.show(payload.gid));
  // A team of one can close its own.
  await rig.grants.closeReview(used.review ?? '', 'alice', 'only me here', ['alice']);
});

test('attack 53: a reason of a megabyte is refused', async () => {
  const reason = 'x'.repeat(1024 * 1024);
  await refused(rig, 'REASON_TOO_LONG', () => rig.issue({ reason }));
  await refused(rig, 'REASON_TOO_LONG', () => rig.grants.request(asked({ reason })));
  const { payload } = await rig.issue();
  await refused(rig, 'REASON_TOO_LONG', () => rig.grants.revoke({ gid: payload.gid }, 'olga', reason));
});
