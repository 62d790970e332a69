import { afterAll, beforeAll, expect, test } from 'vitest';
import type { GrantPayload } from '../../contracts/grant.ts';
import type { IssueRequest } from '../../daemon/ports/grants.ts';
import { HOUR, OTHER_PLAN, PLAN, refused, Rig } from './rig.ts';

let rig: Rig;
beforeAll(async () => {
  rig = await Rig.make();
});
afterAll(() => rig[Symbol.asyncDispose]());

const CHILD = { cap: ['deploy:prod'], prj: ['shop'], uses: 1, reason: 'called runbook' };

test('a child grant within its parent works, and dies with it', async () => {
  const { payload: parent } = await rig.issue({ uses: 2 });
  const { payload: kid, token } = await rig.grants.child(parent.gid, { ...CHILD, exp: parent.exp });
  expect(kid).toMatchObject({ par: parent.gid, sub: parent.sub, cap: ['deploy:prod'] });
  expect(rig.grants.verify(token)).toEqual(kid);
  expect((await rig.use(kid.gid)).n).toBe(1);
  const { grants } = await rig.grants.revoke({ gid: parent.gid }, 'olga', 'stop');
  expect(grants.sort()).toEqual([kid.gid, parent.gid].sort());
  await refused(rig, 'GRANT_REVOKED', () => rig.grants.check(kid.gid, { project: 'shop' }));
  await refused(rig, 'GRANT_REVOKED', () => rig.grants.child(parent.gid, { ...CHILD, exp: parent.exp }));
});

test('attack 15: a child wider than its parent is not signed', async () => {
  const { payload: parent } = await rig.issue({ cap: ['deploy:prod'], uses: 2, plan: PLAN });
  const { exp } = parent;
  const good = { ...CHILD, exp, plan: PLAN };
  expect((await rig.grants.child(parent.gid, good)).payload.plan).toBe(PLAN);
  expect(
    (await rig.grants.child(parent.gid, { ...good, plan: OTHER_PLAN, calls: [OTHER_PLAN] })).payload.plan,
  ).toBe(OTHER_PLAN);
  const { plan: _plan, ...unbound } = good;
  for (const wider of [
    { ...good, cap: ['deploy:prod', 'rollback:prod'] },
    { ...good, cap: ['deploy:staging'] },
    { ...good, prj: ['shop', 'bank'] },
    { ...good, exp: exp + 1 },
    { ...good, uses: 3 },
    { ...good, plan: OTHER_PLAN },
    unbound,
  ]) {
    await refused(rig, 'GRANT_CHILD_WIDER', () => rig.grants.child(parent.gid, wider));
  }
  await refused(rig, 'GRANT_NOT_FOUND', () => rig.grants.child(`gr_${'0'.repeat(24)}`, good));
});

test('attack 15: a child wider than its parent, correctly signed and in the ledger, is refused', async () => {
  const { payload: parent } = await rig.issue({ cap: ['deploy:prod'], lifetime_ms: HOUR });
  const gid = (n: number): string => `gr_${String(n).padStart(24, '0')}`;
  const base: GrantPayload = { ...parent, gid: gid(1), par: parent.gid };
  const wider: Partial<GrantPayload>[] = [
    { cap: ['deploy:prod', 'rollback:prod'] },
    { prj: ['bank', 'shop'] },
    { exp: parent.exp + 1 },
    { uses: 2 },
    { cls: 'break_glass' },
    { sub: 'person:mallory' },
    { par: gid(999) },
  ];
  for (const [i, change] of wider.entries()) {
    const token = await rig.plant({ ...base, gid: gid(10 + i), ...change });
    await refused(rig, 'GRANT_CHILD_WIDER', () => rig.grants.verify(token));
    await refused(rig, 'GRANT_CHILD_WIDER', () => rig.use(gid(10 + i), { sub: change.sub ?? parent.sub }));
  }
});

test('attack 15: a grandchild may not regain what its parent gave up, and lines end', async () => {
  const { payload: top } = await rig.issue({ cap: ['deploy:prod', 'rollback:prod'] });
  const narrow = await rig.grants.child(top.gid, { ...CHILD, exp: top.exp });
  await refused(rig, 'GRANT_CHILD_WIDER', () =>
    rig.grants.child(narrow.payload.gid, { ...CHILD, cap: ['rollback:prod'], exp: top.exp }),
  );
  let gid = narrow.payload.gid;
  for (let depth = 2; depth <= 8; depth++) {
    gid = (await rig.grants.child(gid, { ...CHILD, exp: top.exp })).payload.gid;
  }
  expect(rig.grants.check(gid, { project: 'shop' }).gid).toBe(gid);
  await refused(rig, 'GRANT_CHILD_WIDER', () => rig.grants.child(gid, { ...CHILD, exp: top.exp }));
});

test('attack 16: an empty scope or a star allows nothing and is not signed', async () => {
  const scopes: Partial<IssueRequest>[] = [
    { cap: [] },
    { prj: [] },
    { cap: ['*'] },
    { cap: ['*:*'] },
    { cap: ['deploy:*'] },
    { cap: ['*:prod'] },
    { prj: ['*'] },
  ];
  for (const scope of scopes) await refused(rig, 'GRANT_EMPTY_SCOPE', () => rig.issue(scope));
  const { payload } = await rig.issue();
  for (const cap of ['', '*', 'deploy:*', '*:prod', 'deploy:', ':prod', 'deploy']) {
    await refused(rig, 'GRANT_SCOPE', () => rig.use(payload.gid, { cap }));
  }
  for (const project of ['', '*', 'sho', 'shop2', 'bank']) {
    await refused(rig, 'GRANT_SCOPE', () => rig.use(payload.gid, { project }));
  }
});

const LOOK_ALIKES = [
  'Deploy:prod',
  'DEPLOY:PROD',
  'deploy:Prod',
  'dеploy:prod', // Cyrillic е
  'deрloy:prod', // Cyrillic р
  'dｅploy:prod', // full width
  'de\u0301ploy:prod', // combining accent, NFD
  'd\u00e9ploy:prod', // the same, NFC
  'deploy\u200b:prod', // zero-width space
  'deploy:prod\u202e', // bidi override
  'deploy:prod\u0000',
  'deploy:prod ',
  ' deploy:prod',
  'deploy：prod', // full-width colon
  'deploy:prod\n',
];

test('attack 17: look-alike letters, case and Unicode forms match nothing and are shown for what they are', async () => {
  const { payload } = await rig.issue();
  for (const cap of LOOK_ALIKES) {
    const error = await refused(rig, 'GRANT_SCOPE', () => rig.use(payload.gid, { cap }));
    expect(error.message).toMatch(/^[ -~]*$/);
    await refused(rig, 'ARGUMENTS_INVALID', () => rig.issue({ cap: [cap] }));
    await refused(rig, 'ARGUMENTS_INVALID', () =>
      rig.issue({ prj: [cap.replaceAll(':', '-').replace('deploy-prod', 'A')] }),
    );
  }
});

test('attack 18: __proto__ and constructor are names like any other and find nothing', async () => {
  const { payload } = await rig.issue();
  const names = ['__proto__', 'constructor', 'toString', 'hasOwnProperty', 'prototype'];
  for (const name of names) {
    for (const cap of [name, `${name}:prod`, `deploy:${name}`]) {
      await refused(rig, 'GRANT_SCOPE', () => rig.use(payload.gid, { cap }));
    }
    await refused(rig, 'GRANT_SCOPE', () => rig.use(payload.gid, { project: name }));
    await refused(rig, 'GRANT_SUBJECT', () => rig.use(payload.gid, { sub: name }));
    await refused(rig, 'GRANT_NOT_FOUND', () => rig.use(name));
    await refused(rig, 'GRANT_NOT_FOUND', () => rig.grants.check(name, { project: 'shop' }));
    await refused(rig, 'GRANT_NOT_FOUND', () => rig.grants.show(name));
    await refused(rig, 'GRANT_NOT_FOUND', () => rig.grants.revoke({ gid: name }, 'olga', 'x'));
    await refused(rig, 'GRANT_KEY_UNKNOWN', () => rig.grants.revoke({ kid: name }, 'olga', 'x'));
    await refused(rig, 'REQUEST_NOT_FOUND', () => rig.grants.approve(name, 'bob', PLAN));
    await refused(rig, 'REVIEW_NOT_FOUND', () => rig.grants.closeReview(name, 'bob', 'fine', []));
  }
  expect(Object.getPrototypeOf({})).toBe(Object.prototype);
});

test("attack 26: another person's grant is refused, by id and by token", async () => {
  const { payload, token } = await rig.issue();
  for (const sub of ['person:bob', 'person:alice2', 'alice', 'mandate:alice', 'person:Alice', '']) {
    await refused(rig, 'GRANT_SUBJECT', () => rig.use(payload.gid, { sub }));
    await refused(rig, 'GRANT_SUBJECT', () => rig.use(token, { sub }));
    await refused(rig, 'GRANT_SUBJECT', () => rig.grants.check(payload.gid, { project: 'shop', sub }));
  }
  expect((await rig.use(token)).n).toBe(1);
});
