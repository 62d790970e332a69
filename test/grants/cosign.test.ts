import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { CoSignature } from '../../contracts/cosign.ts';
import type { RecordBody } from '../../contracts/record.ts';
import { auditCosigns } from '../../daemon/cosign-audit.ts';
import { publicLine, signStatement } from '../../daemon/cosign.ts';
import { keyId, rawPublicKey } from '../../daemon/ed25519.ts';
import type { LedgerRecord } from '../../contracts/record.ts';
import { HOUR, ORIGIN, OTHER_PLAN, PLAN, refused, Rig } from './rig.ts';

let rig: Rig;
beforeEach(async () => {
  rig = await Rig.make();
});
afterEach(() => rig[Symbol.asyncDispose]());

const newKey = (): KeyObject => generateKeyPairSync('ed25519').privateKey;
const idOf = (key: KeyObject): string => keyId(rawPublicKey(key));

async function enrolled(person: string): Promise<KeyObject> {
  const key = newKey();
  await rig.grants.enrolPersonKey(person, publicLine(key), 'root', 'new laptop');
  return key;
}

type Asked = Omit<RecordBody<'grant.requested'>, 'id'>;
async function ask(over: Partial<Asked> = {}): Promise<string> {
  const { request } = await rig.grants.request({
    by: 'alice',
    cap: 'deploy:prod',
    project: 'shop',
    env: 'prod',
    plan: PLAN,
    plan_ref: { ref: `artifact:${PLAN}`, digest: PLAN },
    command: 'deploy',
    args: { project: 'shop', env: 'prod' },
    needs: 1,
    approvers: ['alice', 'bob', 'carol'],
    break_glass: false,
    uses: 1,
    lifetime_ms: HOUR,
    reason: 'release 7',
    expires: rig.clock.now() + 4 * HOUR,
    cosign: true,
    ...over,
  });
  return request.id;
}

let nonces = 0;
function statement(request: string, key: KeyObject, over: Partial<CoSignature> = {}): CoSignature {
  const now = rig.clock.now();
  return {
    v: 1,
    aud: ORIGIN,
    request,
    plan: PLAN,
    by: 'bob',
    kid: idOf(key),
    decision: 'approve',
    reason: '',
    iat: now,
    exp: now + 120_000,
    nonce: String(++nonces).padStart(32, '0'),
    ...over,
  };
}
const token = (request: string, key: KeyObject, over: Partial<CoSignature> = {}): string =>
  signStatement('cosign', statement(request, key, over), key);
const approve = (id: string, cosign?: string, by = 'bob') =>
  rig.grants.approve(id, by, PLAN, cosign === undefined ? { account: 'discord:1' } : { cosign });
const audit = () =>
  auditCosigns(
    (async function* () {
      yield* rig.ledger.records() as LedgerRecord<'grant.approved'>[];
    })(),
    ORIGIN,
  );

test('a click approves nothing; the enrolled key does, its statement stands in the ledger and verifies without a daemon', async () => {
  const key = await enrolled('bob');
  const id = await ask();
  const error = await refused(rig, 'COSIGN_REQUIRED', () => approve(id));
  expect(error.hint).toContain(`reeve approve ${id}`);
  const signed = token(id, key);
  expect((await approve(id, signed)).request.state).toBe('granted');
  const [record] = rig.ledger.records().filter((r) => r.type === 'grant.approved');
  expect(record?.body).toMatchObject({ by: 'bob', cosign: signed });
  expect(await audit()).toEqual({ verified: 1, problems: [] });
});

test('attack 26: a key that is enrolled for nobody, revoked, or another person’s approves nothing', async () => {
  const id = await ask();
  const strange = newKey();
  await refused(rig, 'COSIGN_KEY_UNKNOWN', () => approve(id, token(id, strange)));
  const bob = await enrolled('bob');
  const carol = await enrolled('carol');
  // Carol's key in Bob's name, and Bob's own statement sent as Carol's.
  await refused(rig, 'COSIGN_OTHER', () => approve(id, token(id, carol, { by: 'bob' })));
  await refused(rig, 'COSIGN_OTHER', () => approve(id, token(id, bob), 'carol'));
  // Bob's key id over Carol's signature.
  const forged = signStatement('cosign', statement(id, bob), carol);
  await refused(rig, 'COSIGN_BAD_SIGNATURE', () => approve(id, forged));
  const early = token(id, bob);
  await rig.grants.revokePersonKey(idOf(bob), 'root', 'laptop lost');
  await refused(rig, 'COSIGN_KEY_REVOKED', () => approve(id, early));
  await refused(rig, 'COSIGN_KEY_REVOKED', () => approve(id, token(id, bob)));
  await refused(rig, 'KEY_TAKEN', () => rig.grants.enrolPersonKey('bob', publicLine(bob), 'root', 'again'));
  await rig.restart();
  await refused(rig, 'COSIGN_KEY_REVOKED', () => approve(id, token(id, bob)));
  expect(rig.ledger.records().filter((r) => r.type === 'grant.approved')).toEqual([]);
});

test('attack 23: a co-signature over another plan, request, decision or daemon approves nothing', async () => {
  const key = await enrolled('bob');
  const [id, other] = [await ask(), await ask()];
  await refused(rig, 'GRANT_PLAN_MISMATCH', () => approve(id, token(id, key, { plan: OTHER_PLAN })));
  await refused(rig, 'COSIGN_OTHER', () => approve(id, token(other, key)));
  await refused(rig, 'COSIGN_OTHER', () => approve(id, token(id, key, { decision: 'deny' })));
  await refused(rig, 'COSIGN_OTHER', () => approve(id, token(id, key, { aud: 'reeve.other/home' })));
});

test('attack 12: a statement counts for its two minutes, give or take the clocks of two machines', async () => {
  const key = await enrolled('bob');
  const id = await ask();
  const now = rig.clock.now();
  await refused(rig, 'COSIGN_EXPIRED', () =>
    approve(id, token(id, key, { iat: now + 31_000, exp: now + 60_000 })),
  );
  await refused(rig, 'COSIGN_EXPIRED', () => approve(id, token(id, key, { exp: now + HOUR })));
  await refused(rig, 'COSIGN_EXPIRED', () =>
    approve(id, token(id, key, { exp: now - 30_000, iat: now - 60_000 })),
  );
  await refused(rig, 'COSIGN_EXPIRED', () => approve(id, token(id, key, { exp: now, iat: now })));
  const signed = token(id, key);
  await rig.clock.advance(149_000);
  expect(rig.grants.decision(signed).person).toBe('bob');
  await rig.clock.advance(1000);
  await refused(rig, 'COSIGN_EXPIRED', () => approve(id, signed));
});

test('attack 31: the same statement counts once', async () => {
  const key = await enrolled('bob');
  const id = await ask({ needs: 2 });
  const signed = token(id, key);
  const all = await Promise.allSettled(Array.from({ length: 20 }, () => approve(id, signed)));
  expect(all.filter((r) => r.status === 'fulfilled')).toHaveLength(1);
  await refused(rig, 'COSIGN_REPLAYED', () => approve(id, signed));
  await refused(rig, 'APPROVAL_TWICE', () => approve(id, token(id, key)));
  const denied = await ask();
  const no = token(denied, key, { decision: 'deny', reason: 'not on a Friday' });
  await rig.grants.deny(denied, 'bob', 'not on a Friday', { cosign: no });
  await refused(rig, 'COSIGN_REPLAYED', () => rig.grants.deny(denied, 'bob', 'again', { cosign: no }));
  expect(await audit()).toEqual({ verified: 2, problems: [] });
});

test('attack 24: who asked cannot approve it with a key of their own', async () => {
  const key = await enrolled('alice');
  const id = await ask();
  await refused(rig, 'APPROVAL_SELF', () => approve(id, token(id, key, { by: 'alice' }), 'alice'));
});

test('attack 07: what a key signs to look at a request, or to be enrolled, is no approval', async () => {
  const key = await enrolled('bob');
  const id = await ask();
  const now = rig.clock.now();
  const nonce = 'a'.repeat(32);
  const look = signStatement(
    'look',
    { v: 1, request: id, kid: idOf(key), iat: now, exp: now + 1000, nonce },
    key,
  );
  expect(rig.grants.look(look).person).toBe('bob');
  await refused(rig, 'COSIGN_MALFORMED', () => approve(id, look));
  await refused(rig, 'COSIGN_BAD_SIGNATURE', () => approve(id, look.replace('reevelook1', 'reevecosign1')));
  await refused(rig, 'COSIGN_MALFORMED', () => approve(id, publicLine(key)));
});

test('attack 01: any flipped bit of a statement, and any other form of it, is refused', async () => {
  const key = await enrolled('bob');
  const id = await ask();
  const [prefix = '', body = '', tail = ''] = token(id, key).split('.');
  const flip = (text: string, byte: number): string => {
    const bytes = Buffer.from(text, 'base64url');
    bytes[byte] = (bytes[byte] ?? 0) ^ 1;
    return bytes.toString('base64url');
  };
  const size = Buffer.from(body, 'base64url').length;
  const codes = new Set<string>();
  for (let byte = 0; byte < size + 64; byte++) {
    const changed =
      byte < size ? `${prefix}.${flip(body, byte)}.${tail}` : `${prefix}.${body}.${flip(tail, byte - size)}`;
    const error = await rig.grants.approve(id, 'bob', PLAN, { cosign: changed }).catch((e: unknown) => e);
    codes.add(error instanceof Error && 'code' in error ? String(error.code) : 'passed');
  }
  expect([...codes].sort()).toEqual(['COSIGN_BAD_SIGNATURE', 'COSIGN_KEY_UNKNOWN', 'COSIGN_MALFORMED']);
  const spaced = Buffer.from(JSON.stringify(statement(id, key), null, 1));
  for (const text of [
    `${prefix}.${body}.${tail}=`,
    `${prefix}.${body}. ${tail}`,
    `${prefix}.${body}`,
    'x'.repeat(9000),
    `${prefix}.${spaced.toString('base64url')}.${tail}`,
  ])
    await expect(rig.grants.approve(id, 'bob', PLAN, { cosign: text })).rejects.toThrow(/COSIGN|statement/);
});

test('attack 03: a key that is unsound, or that its sender does not hold, is not enrolled', async () => {
  const enrol = (line: string) => () => rig.grants.enrolPersonKey('bob', line, 'root', '');
  const [mine, theirs] = [publicLine(newKey()), publicLine(newKey())];
  const [prefix = '', , proof = ''] = mine.split('.');
  await refused(rig, 'GRANT_KEY_REJECTED', enrol(`${prefix}.${theirs.split('.')[1] ?? ''}.${proof}`));
  // The point of order 1: with it R = 0 and S = 0 are a signature of everything.
  const small = Buffer.alloc(32);
  small[0] = 1;
  const forged = Buffer.concat([small, Buffer.alloc(32)]);
  await refused(
    rig,
    'GRANT_KEY_REJECTED',
    enrol(`${prefix}.${small.toString('base64url')}.${forged.toString('base64url')}`),
  );
  for (const line of ['', 'reevekey1', mine.slice(0, -1), `${mine}x`, 'ssh-ed25519 AAAA'])
    await refused(rig, 'GRANT_KEY_REJECTED', enrol(line));
  await rig.grants.enrolPersonKey('bob', mine, 'root', '');
  await refused(rig, 'KEY_TAKEN', () => rig.grants.enrolPersonKey('carol', mine, 'root', ''));
  await refused(rig, 'KEY_NOT_FOUND', () => rig.grants.revokePersonKey('constructor', 'root', 'x'));
});

test('attack 62: an approval that nobody signed, or whose key came later or was revoked, shows in the audit', async () => {
  const [bob, carol] = [await enrolled('bob'), newKey()];
  const [plain, late, gone, swapped] = [await ask(), await ask(), await ask(), await ask()];
  const write = (id: string, cosign?: string) =>
    rig.ledger.append('grant.approved', {
      id,
      by: 'bob',
      plan: PLAN,
      ...(cosign === undefined ? {} : { cosign }),
    });
  await write(plain);
  await write(late, token(late, carol));
  await write(swapped, token(gone, bob));
  await rig.grants.revokePersonKey(idOf(bob), 'root', 'lost');
  await write(gone, token(gone, bob));
  const { verified, problems } = await audit();
  expect(verified).toBe(0);
  expect(problems.map(({ why }) => why.replace(/key_\w+/, 'K'))).toEqual([
    'the request asks for the approver’s signature, and there is none',
    'K was not enrolled',
    'it is for another request or plan',
    'K was revoked',
  ]);
});
