import { afterEach, beforeEach, expect, test } from 'vitest';
import { keepReminding } from '../../daemon/compose/reminders.ts';
import type { RecordBody } from '../../contracts/record.ts';
import { HOUR, OTHER_PLAN, PLAN, refused, Rig } from './rig.ts';

let rig: Rig;
beforeEach(async () => {
  rig = await Rig.make();
});
afterEach(() => rig[Symbol.asyncDispose]());

type Asked = Omit<RecordBody<'grant.requested'>, 'id'>;
const ask = async (over: Partial<Asked> = {}): Promise<string> =>
  (
    await rig.grants.request({
      by: 'alice',
      cap: 'deploy:prod',
      project: 'shop',
      env: 'prod',
      plan: PLAN,
      plan_ref: { ref: `artifact:${PLAN}`, digest: PLAN },
      command: 'deploy',
      args: { project: 'shop', env: 'prod' },
      needs: 1,
      approvers: ['bob', 'carol'],
      break_glass: false,
      uses: 2,
      lifetime_ms: HOUR,
      reason: 'release 7',
      expires: rig.clock.now() + 4 * HOUR,
      ...over,
    })
  ).request.id;
const types = (type: string) => rig.ledger.records().filter((record) => record.type === type);
const keep = () => {
  const warned: unknown[] = [];
  const { clock, ledger, grants } = rig;
  return { ...keepReminding({ clock, ledger, grants, warn: (_what, error) => warned.push(error) }), warned };
};

test('a request whose time is over is said to be expired, once, at its time; a decided one never is', async () => {
  const keeper = keep();
  const [late, done] = [await ask({ expires: rig.clock.now() + HOUR }), await ask()];
  await rig.grants.approve(done, 'bob', PLAN);
  await rig.clock.advance(HOUR - 1);
  expect(types('grant.expired')).toEqual([]);
  await rig.clock.advance(1);
  expect(types('grant.expired').map(({ body }) => body)).toEqual([{ id: late }]);
  const [view] = (await rig.grants.requests()).filter(({ id }) => id === late);
  expect(view).toMatchObject({ state: 'expired', expired: rig.clock.now() });
  await refused(rig, 'REQUEST_CLOSED', () => rig.grants.approve(late, 'bob', PLAN));
  await rig.clock.advance(24 * HOUR);
  expect(types('grant.expired')).toHaveLength(1);
  await keeper.stop();
  expect(keeper.warned).toEqual([]);
});

test('one that expired while the daemon did not run is said at the next start', async () => {
  const id = await ask({ expires: rig.clock.now() + HOUR });
  rig.clock.suspend(5 * HOUR);
  await rig.restart();
  const keeper = keep();
  await rig.clock.advance(1);
  expect(types('grant.expired').map(({ body }) => body)).toEqual([{ id }]);
  await keeper.stop();
});

test('a review is reminded of every twelve hours, over a restart, until a person closes it', async () => {
  const glass = {
    cls: 'break_glass',
    reason: 'the site is down',
    lifetime_ms: HOUR,
    skipped: ['bob'],
  } as const;
  const { review = '' } = await rig.issue(glass);
  let keeper = keep();
  await rig.clock.advance(11 * HOUR);
  expect(types('review.reminded')).toEqual([]);
  await rig.clock.advance(HOUR);
  expect(types('review.reminded').map(({ body }) => body)).toEqual([{ id: review, n: 1 }]);
  await keeper.stop();
  await rig.restart();
  keeper = keep();
  for (let hour = 0; hour < 25; hour++) await rig.clock.advance(HOUR);
  expect(types('review.reminded').map(({ body }) => 'n' in body && body.n)).toEqual([1, 2, 3]);
  await rig.grants.closeReview(review, 'bob', 'justified', ['bob']);
  await rig.clock.advance(48 * HOUR);
  expect(types('review.reminded')).toHaveLength(3);
  await keeper.stop();
});

test('a kept grant stands for its person and exactly its plan, for its time and its uses', async () => {
  const id = await ask({ keep: true });
  expect(rig.grants.kept('alice', PLAN)).toBeUndefined();
  const { grant } = await rig.grants.approve(id, 'bob', PLAN);
  const gid = grant?.payload.gid ?? '';
  expect(rig.grants.kept('alice', PLAN)?.gid).toBe(gid);
  expect(rig.grants.kept('alice', OTHER_PLAN)).toBeUndefined();
  expect(rig.grants.kept('carol', PLAN)).toBeUndefined();
  expect(rig.grants.keeps('alice', { command: 'deploy' })).toBe(true);
  expect(rig.grants.keeps('alice', { cap: 'deploy:staging', project: 'shop' })).toBe(false);
  // It starts nothing by itself, also not at the next start.
  await rig.restart();
  expect(await rig.grants.unfinished(() => false)).toEqual([]);
  await rig.use(gid);
  await rig.use(gid);
  expect(rig.grants.kept('alice', PLAN)).toBeUndefined();

  const again = await ask({ keep: true });
  await rig.grants.approve(again, 'bob', PLAN);
  await rig.clock.advance(HOUR - 1);
  expect(rig.grants.kept('alice', PLAN)).toBeDefined();
  await rig.clock.advance(1);
  expect(rig.grants.kept('alice', PLAN)).toBeUndefined();

  const third = (await rig.grants.approve(await ask({ keep: true }), 'bob', PLAN)).grant?.payload.gid ?? '';
  await rig.grants.revoke({ gid: third }, 'bob', 'changed my mind');
  expect(rig.grants.kept('alice', PLAN)).toBeUndefined();
});
