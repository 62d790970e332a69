import { afterEach, beforeEach, expect, test } from 'vitest';
import { ReeveError } from '../../contracts/errors.ts';
import { grantsProjection } from '../../daemon/grants/projection.ts';
import { MemoryLedger } from '../helpers/memory-ledger.ts';
import { HOUR, JOB, OTHER_PLAN, PLAN, refused, Rig } from './rig.ts';

let rig: Rig;
beforeEach(async () => {
  rig = await Rig.make();
});
afterEach(() => rig[Symbol.asyncDispose]());

const check = (gid: string) => rig.grants.check(gid, { project: 'shop', cap: 'deploy:prod' });
const usesOf = (gid: string) =>
  rig.ledger.records().filter((r) => r.type === 'grant.used' && r.body.gid === gid).length;

test('attack 19: of fifty callers at once exactly as many pass as there are uses', async () => {
  for (const uses of [1, 7]) {
    const { payload } = await rig.issue({ uses });
    const all = await Promise.allSettled(Array.from({ length: 50 }, () => rig.use(payload.gid)));
    const passed = all.filter((r) => r.status === 'fulfilled');
    expect(passed.map((r) => r.value.n).toSorted((a, b) => a - b)).toEqual(
      Array.from({ length: uses }, (_, i) => i + 1),
    );
    for (const r of all.filter((one) => one.status === 'rejected')) {
      expect(r.reason).toBeInstanceOf(ReeveError);
      expect(r.reason.code).toBe('GRANT_USED_UP');
    }
    expect(usesOf(payload.gid)).toBe(uses);
    await refused(rig, 'GRANT_USED_UP', () => rig.use(payload.gid));
    expect((await rig.grants.show(payload.gid)).state).toBe('used_up');
  }
});

test('attack 19: the same holds when a full disk makes the ledger sequence them later', async () => {
  const { payload } = await rig.issue({ uses: 3 });
  let unblock = (): void => undefined;
  rig.ledger.blocked = new Promise((resolve) => {
    unblock = resolve;
  });
  const calls = Array.from({ length: 50 }, () => rig.use(payload.gid));
  rig.ledger.blocked.then(
    () => (rig.ledger.blocked = undefined),
    () => undefined,
  );
  unblock();
  const all = await Promise.allSettled(calls);
  expect(
    all
      .filter((r) => r.status === 'fulfilled')
      .map((r) => r.value.n)
      .toSorted((a, b) => a - b),
  ).toEqual([1, 2, 3]);
  expect(usesOf(payload.gid)).toBe(3);
});

test('a use that the ledger does not take is not a use', async () => {
  const { payload } = await rig.issue();
  rig.ledger.broken = 'no disk';
  await refused(rig, 'LEDGER_UNWRITABLE', () => rig.use(payload.gid));
  await refused(rig, 'LEDGER_UNWRITABLE', () => rig.issue());
  rig.ledger.broken = undefined;
  expect((await rig.use(payload.gid)).n).toBe(1);
});

test('the same job going on counts once, another job or plan does not pass as it', async () => {
  const { payload } = await rig.issue();
  const first = await rig.use(payload.gid, { job: JOB });
  await refused(rig, 'GRANT_USED_UP', () => rig.use(payload.gid, { job: JOB }));
  await rig.restart();
  const again = await rig.use(payload.gid, { job: JOB, resume: true });
  expect(again).toEqual(first);
  expect(usesOf(payload.gid)).toBe(1);
  await refused(rig, 'GRANT_PLAN_MISMATCH', () =>
    rig.use(payload.gid, { job: JOB, resume: true, plan: OTHER_PLAN }),
  );
  await refused(rig, 'GRANT_USED_UP', () =>
    rig.use(payload.gid, { job: `job_${'2'.repeat(32)}`, resume: true }),
  );
});

test('attack 20: revoked in mid-job stops it at the next step', async () => {
  for (const what of ['gid', 'kid', 'sub'] as const) {
    const { payload } = await rig.issue({ uses: 2 });
    await rig.use(payload.gid);
    expect(check(payload.gid)).toEqual(payload);
    const target = { gid: { gid: payload.gid }, kid: { kid: payload.kid }, sub: { sub: payload.sub } }[what];
    await rig.grants.revoke(target, 'olga', 'wrong build');
    await refused(rig, 'GRANT_REVOKED', () => check(payload.gid));
    await refused(rig, 'GRANT_REVOKED', () => rig.use(payload.gid));
    const view = await rig.grants.show(payload.gid);
    expect(view).toMatchObject({ state: 'revoked', revoked: { by: 'olga', reason: 'wrong build' } });
    if (what === 'kid') {
      await rig.grants.enrolKeys('owner');
      await rig.keys.rotate('grant');
      await rig.grants.enrolKeys('owner');
    }
  }
  // A subject whose grants were revoked can be given a new one.
  const { payload } = await rig.issue();
  expect(check(payload.gid)).toEqual(payload);
});

test('attack 20: revoked between asking for a use and its sequencing', async () => {
  const { payload } = await rig.issue();
  let unblock = (): void => undefined;
  rig.ledger.blocked = new Promise((resolve) => {
    unblock = resolve;
  });
  const using = rig.use(payload.gid);
  const held = rig.ledger.blocked;
  rig.ledger.blocked = undefined;
  await rig.grants.revoke({ gid: payload.gid }, 'olga', 'stop');
  unblock();
  await held;
  await refused(rig, 'GRANT_REVOKED', () => using);
});

test('attack 21: revoked, then the daemon restarted', async () => {
  const { payload, token } = await rig.issue();
  await rig.grants.revoke({ gid: payload.gid }, 'olga', 'stop');
  await rig.restart();
  await refused(rig, 'GRANT_REVOKED', () => rig.use(payload.gid));
  await refused(rig, 'GRANT_REVOKED', () => rig.use(token));
  await refused(rig, 'GRANT_REVOKED', () => rig.grants.verify(token));
});

test('attack 21: a retired key stays retired when an older key file is put back', async () => {
  const { payload } = await rig.issue();
  await rig.ledger.append('key.retired', { kid: payload.kid, by: 'olga', reason: 'leaked' });
  await rig.restart();
  expect(rig.keys.list().find((key) => key.kid === payload.kid)?.retired).toBeNull();
  await refused(rig, 'GRANT_KEY_UNKNOWN', () => rig.use(payload.gid));
  await refused(rig, 'GRANT_KEY_UNKNOWN', () => rig.issue());
});

test('attack 22: halt between check and step, and between check and use', async () => {
  const { payload } = await rig.issue({ uses: 5 });
  await rig.use(payload.gid);
  expect(check(payload.gid)).toEqual(payload);
  rig.halt('shop');
  const error = await refused(rig, 'HALTED', () => check(payload.gid));
  expect(error.message).toContain('Project shop is halted');
  expect(error.hint).toContain('--project shop');
  await refused(rig, 'HALTED', () => rig.use(payload.gid));
  const child = { cap: ['deploy:prod'], prj: ['shop'], exp: payload.exp, uses: 1, reason: '' };
  await refused(rig, 'HALTED', () => rig.grants.child(payload.gid, child));
  rig.halts.clear();
  rig.halt('*');
  await refused(rig, 'HALTED', () => check(payload.gid));
  rig.halts.clear();
  expect((await rig.use(payload.gid)).n).toBe(2);
});

test('attack 23: what a grant was bound to is the only thing it runs', async () => {
  const { payload } = await rig.issue({ plan: PLAN, uses: 2 });
  await refused(rig, 'GRANT_PLAN_MISMATCH', () => rig.use(payload.gid, { plan: OTHER_PLAN }));
  await refused(rig, 'GRANT_PLAN_MISMATCH', () =>
    rig.grants.check(payload.gid, { project: 'shop', plan: OTHER_PLAN }),
  );
  await refused(rig, 'ARGUMENTS_INVALID', () => rig.use(payload.gid, { plan: PLAN.toUpperCase() }));
  expect((await rig.use(payload.gid)).n).toBe(1);
});

test('attack 28: an hour back: nothing privileged, but revoking still works', async () => {
  const { payload, token } = await rig.issue({ uses: 5 });
  rig.clock.jump(-HOUR);
  await refused(rig, 'CLOCK_BEHIND_LEDGER', () => rig.use(payload.gid));
  await refused(rig, 'CLOCK_BEHIND_LEDGER', () => check(payload.gid));
  await refused(rig, 'CLOCK_BEHIND_LEDGER', () => rig.grants.verify(token));
  await refused(rig, 'CLOCK_BEHIND_LEDGER', () => rig.issue());
  await rig.grants.revoke({ gid: payload.gid }, 'olga', 'stop');
  rig.clock.jump(HOUR);
  await refused(rig, 'GRANT_REVOKED', () => rig.use(payload.gid));
});

test('attack 28: setting the clock back lengthens no grant', async () => {
  const { payload } = await rig.issue({ uses: 5, lifetime_ms: HOUR });
  await rig.clock.advance(HOUR - 5000);
  expect(check(payload.gid).gid).toBe(payload.gid);
  // Not before the last record, so the ledger alone would not notice.
  rig.clock.jump(-(HOUR - 10_000));
  await rig.clock.advance(10_000);
  await refused(rig, 'GRANT_EXPIRED', () => check(payload.gid));
  // A correction of a second is ordinary.
  const { payload: next } = await rig.issue();
  rig.clock.jump(-1000);
  expect((await rig.use(next.gid)).n).toBe(1);
});

test('attack 29: an hour ahead: grants end early, and after the correction nothing runs until time caught up', async () => {
  const { payload } = await rig.issue({ lifetime_ms: HOUR / 2 });
  rig.clock.jump(HOUR);
  await refused(rig, 'GRANT_EXPIRED', () => rig.use(payload.gid));
  const { payload: ahead } = await rig.issue({ lifetime_ms: 2 * HOUR });
  rig.clock.jump(-HOUR);
  await refused(rig, 'CLOCK_BEHIND_LEDGER', () => rig.use(ahead.gid));
  await rig.clock.advance(HOUR);
  expect((await rig.use(ahead.gid)).n).toBe(1);
});

test('attack 30: suspended across an expiry: the next step is refused though no timer ran', async () => {
  const { payload } = await rig.issue({ uses: 2, lifetime_ms: HOUR });
  await rig.use(payload.gid);
  rig.clock.suspend(HOUR);
  await refused(rig, 'GRANT_EXPIRED', () => check(payload.gid));
  await refused(rig, 'GRANT_EXPIRED', () => rig.use(payload.gid));
  expect((await rig.grants.show(payload.gid)).state).toBe('expired');
  expect(await rig.grants.list({ activeOnly: true })).toEqual([]);
  expect((await rig.grants.list()).map(({ gid }) => gid)).toEqual([payload.gid]);
});

test('folding the same records again gives the same state', async () => {
  const { payload } = await rig.issue({ uses: 3 });
  await rig.use(payload.gid, { job: JOB });
  await rig.grants.revoke({ sub: 'person:bob' }, 'olga', 'left');
  const state = rig.ledger.get(grantsProjection);
  const again = new MemoryLedger(rig.clock, [grantsProjection], rig.ledger.lines).get(grantsProjection);
  expect(again).toEqual(state);
  expect(JSON.parse(JSON.stringify(state))).toEqual(state);
});
