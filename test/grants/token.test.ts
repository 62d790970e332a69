import { generateKeyPairSync, sign, verify as verifyBytes } from 'node:crypto';
import fc from 'fast-check';
import nacl from 'tweetnacl';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ReeveError } from '../../contracts/errors.ts';
import type { GrantPayload } from '../../contracts/grant.ts';
import { canonical } from '../../daemon/canonical.ts';
import {
  isCanonicalSignature,
  privateKeyFromSeed,
  publicKeyFromRaw,
  rawPublicKey,
} from '../../daemon/ed25519.ts';
import { parseToken, signedBytes, signGrant } from '../../daemon/grants/token.ts';
import { verifyToken } from '../../daemon/grants/verify.ts';
import type { IssuedGrant } from '../../daemon/ports/grants.ts';
import { HOUR, refused, Rig } from './rig.ts';

let rig: Rig;
let good: IssuedGrant;

beforeAll(async () => {
  rig = await Rig.make();
  good = await rig.issue();
});
afterAll(() => rig[Symbol.asyncDispose]());

const verify = (token: string): GrantPayload => rig.grants.verify(token);
const text = (): string => canonical(good.payload);
const parts = (): [string, string, string] => {
  const [prefix = '', payload = '', signature = ''] = good.token.split('.');
  return [prefix, payload, signature];
};
const withSignature = (bytes: Uint8Array): string =>
  [...parts().slice(0, 2), Buffer.from(bytes).toString('base64url')].join('.');

/** Keeps the issued facts of `good` and changes some; signed, and known to the ledger under a new id. */
async function planted(change: Partial<GrantPayload>): Promise<string> {
  const gid = `gr_${Buffer.from(rig.random(12)).toString('hex')}`;
  return rig.plant({ ...good.payload, gid, ...change });
}

test('a good token verifies to the payload that was recorded, and re-signing gives the same token', async () => {
  expect(verify(good.token)).toEqual(good.payload);
  expect(await rig.grants.token(good.payload.gid)).toBe(good.token);
  const [last] = rig.ledger.records().slice(-1);
  expect(last).toMatchObject({ type: 'grant.issued', body: { grant: good.payload, how: 'created' } });
  expect(rig.ledger.lines.join('')).not.toContain(parts()[2]);
});

test('attack 01: any bit flipped anywhere is refused', async () => {
  const [, payload, signature] = parts();
  const bytes = Buffer.from(payload, 'base64url');
  const mark = Buffer.from(signature, 'base64url');
  for (let bit = 0; bit < bytes.length * 8; bit++) {
    const changed = Buffer.from(bytes);
    changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
    expect(() => verify(`reeve1.${changed.toString('base64url')}.${signature}`)).toThrow(ReeveError);
  }
  for (let bit = 0; bit < 512; bit++) {
    const changed = Buffer.from(mark);
    changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
    expect(() => verify(withSignature(changed))).toThrow(ReeveError);
  }
  const flipped = `${text().slice(0, -2)}9}`;
  await refused(rig, 'GRANT_BAD_SIGNATURE', () =>
    verify(`reeve1.${Buffer.from(flipped).toString('base64url')}.${signature}`),
  );
});

test('attack 02: the signature S + L, which tweetnacl accepts, is refused', async () => {
  const { signed, signature } = parseToken(good.token);
  const L = 2n ** 252n + 27742317777372353535851937790883648493n;
  const s = BigInt(`0x${Buffer.from(signature.subarray(32)).reverse().toString('hex')}`);
  const moved = Buffer.from((s + L).toString(16).padStart(64, '0'), 'hex').reverse();
  const malleable = Buffer.concat([signature.subarray(0, 32), moved]);
  const key = rig.keys.signer('grant').publicKey;
  expect(nacl.sign.detached.verify(new Uint8Array(signed), new Uint8Array(malleable), key)).toBe(true);
  await refused(rig, 'GRANT_MALFORMED', () => verify(withSignature(malleable)));
});

test('attack 04: a signature of 0, 63 or 65 bytes is refused', async () => {
  for (const length of [0, 1, 63, 65, 128]) {
    const error = await refused(rig, 'GRANT_MALFORMED', () => verify(withSignature(new Uint8Array(length))));
    expect(error.message).toMatch(/64 bytes|reeve1/);
  }
});

test('attack 05: an unknown key and a retired key are refused', async () => {
  await using other = await Rig.make();
  const foreign = signGrant(
    { ...good.payload, kid: other.keys.signer('grant').kid },
    other.keys.signer('grant'),
  );
  await refused(rig, 'GRANT_KEY_UNKNOWN', () => verify(foreign));

  const issued = await other.issue();
  expect(other.grants.verify(issued.token)).toEqual(issued.payload);
  await other.keys.rotate('grant');
  await refused(other, 'GRANT_KEY_UNKNOWN', () => other.grants.verify(issued.token));
  await refused(other, 'GRANT_KEY_UNKNOWN', () => other.use(issued.payload.gid));
  await refused(other, 'GRANT_KEY_UNKNOWN', () => other.grants.token(issued.payload.gid));
  // The new key signs nothing before it stands in the ledger.
  await refused(other, 'GRANT_KEY_UNKNOWN', () => other.issue());
  await other.grants.enrolKeys('owner');
  expect((await other.issue()).payload.kid).toBe(other.keys.signer('grant').kid);
});

test('attack 06: a key of another type or purpose under the kid signs nothing', async () => {
  const checkpoint = rig.keys.signer('checkpoint');
  const payload = { ...good.payload, kid: checkpoint.kid };
  await refused(rig, 'GRANT_KEY_UNKNOWN', () => verify(signGrant(payload, checkpoint)));
  // The right kid, but signed with an RSA or EC key: never of 64 bytes, or never right.
  const { privateKey: ec } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const bytes = signedBytes(Buffer.from(text()));
  const raw = sign('sha256', bytes, { key: ec, dsaEncoding: 'ieee-p1363' });
  const error = await rejected(() => verify(withSignature(raw)));
  expect(['GRANT_BAD_SIGNATURE', 'GRANT_MALFORMED']).toContain(error.code);
});

test('attack 07: a checkpoint or webhook signature replayed as a grant is refused', async () => {
  const bytes = Buffer.from(text());
  const grantKey = rig.keys.signer('grant');
  const notGrants = [
    grantKey.sign(bytes),
    grantKey.sign(Buffer.concat([Buffer.from('reeve/checkpoint/v1\0'), bytes])),
    rig.keys.signer('checkpoint').sign(signedBytes(bytes)),
    rig.keys.signer('bot').sign(signedBytes(bytes)),
  ];
  for (const signature of notGrants) {
    await refused(rig, 'GRANT_BAD_SIGNATURE', () => verify(withSignature(signature)));
  }
});

test('attack 08: a duplicate key is refused although the signature is right', async () => {
  for (const duplicate of [
    text().replace('"uses":1', '"uses":1,"uses":1000'),
    text().replace('"uses":1', '"uses":1,"uses":1'),
    text().replace('"kid"', `"kid":"key_${'0'.repeat(16)}","kid"`),
  ]) {
    await rejected(() => verify(rig.forge(duplicate)));
  }
  await refused(rig, 'GRANT_MALFORMED', () => verify(rig.forge(text().replace('"v":1', '"v":1,"v":1'))));
});

test('attack 09: a non-canonical payload is refused although the signature is right', async () => {
  const { v, ...rest } = good.payload;
  const invalidUtf8 = Buffer.from(canonical({ ...good.payload, rsn: '\ufffd' }));
  const variants: (string | Uint8Array)[] = [
    ` ${text()}`,
    `${text()}\n`,
    text().replaceAll(',', ', '),
    JSON.stringify({ v, ...rest }),
    text().replace('a release', '\\u0061 release'),
    text().replace('"v":1', '"v":1.0'),
    text().replace('"v":1', '"v":1e0'),
    text().replace('"v":1', '"__proto__":{"uses":9},"v":1'),
    text().replace('"v":1', '"v":1,"x":1'),
    text().replace('a release', '\\ud800'),
    // Three bytes that are no UTF-8 decode to the same U+FFFD that was signed as text.
    Buffer.from(invalidUtf8.toString('latin1').replace('\xef\xbf\xbd', '\xf0\x9f\x98'), 'latin1'),
  ];
  for (const variant of variants) await refused(rig, 'GRANT_MALFORMED', () => verify(rig.forge(variant)));
});

test('attack 10: base64 with white space, padding, another alphabet or trailing bits is refused', async () => {
  const [prefix, payload, signature] = parts();
  const last = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
  const loose = `${signature.slice(0, -1)}${last[last.indexOf(signature.at(-1) ?? '') ^ 1]}`;
  const same = Buffer.from(loose, 'base64url').equals(Buffer.from(signature, 'base64url'));
  expect(same, 'the stray bits decode to the same signature').toBe(true);
  const tokens = [
    `${good.token} `,
    ` ${good.token}`,
    `${good.token}\n`,
    `${prefix}.${payload}==.${signature}`,
    `${prefix}.${payload}.${signature}=`,
    `${prefix}.${payload.slice(0, 8)} ${payload.slice(8)}.${signature}`,
    `${prefix}.${payload.slice(0, 8)}+${payload.slice(9)}.${signature}`,
    `${prefix}.${payload}.${loose}`,
    `${prefix}.${payload}.${signature}.`,
    `reeve2.${payload}.${signature}`,
    `REEVE1.${payload}.${signature}`,
    `reeve1.${'A'.repeat(70_000)}.${signature}`,
    '',
  ];
  for (const token of tokens) await refused(rig, 'GRANT_MALFORMED', () => verify(token));
  // One more character is a stray one or a whole byte more, as the length has it: refused either way.
  await rejected(() => verify(`${prefix}.${payload}A.${signature}`));
});

test('attack 11: exp as float, string, negative, 2^53+1 is refused although the signature is right', async () => {
  const { exp } = good.payload;
  for (const wrong of [
    `${exp}.5`,
    `"${exp}"`,
    '-1',
    '9007199254740993',
    '1e400',
    'null',
    '[]',
    '-0',
    `${exp}e0`,
  ]) {
    await refused(rig, 'GRANT_MALFORMED', () =>
      verify(rig.forge(text().replace(`"exp":${exp}`, `"exp":${wrong}`))),
    );
  }
});

test('attack 12: not valid before nbf, and not at exp itself', async () => {
  await using own = await Rig.make();
  const { payload } = await own.issue();
  const token = await own.plant({ ...payload, gid: `gr_${'c'.repeat(24)}`, nbf: payload.nbf + 1000 });
  await refused(own, 'GRANT_NOT_YET_VALID', () => own.grants.verify(token));
  await own.clock.advance(999);
  await refused(own, 'GRANT_NOT_YET_VALID', () => own.grants.verify(token));
  await own.clock.advance(1);
  expect(own.grants.verify(token).gid).toBe(`gr_${'c'.repeat(24)}`);
  await own.clock.advance(payload.exp - own.clock.now() - 1);
  expect(own.grants.verify(token).gid).toBe(`gr_${'c'.repeat(24)}`);
  await own.clock.advance(1);
  await refused(own, 'GRANT_EXPIRED', () => own.grants.verify(token));
  await refused(own, 'GRANT_EXPIRED', () => own.use(payload.gid));
});

test('attack 13: a lifetime over the maximum is refused though correctly signed', async () => {
  const { iat } = good.payload;
  for (const change of [
    { cls: 'break_glass', exp: iat + 2 * HOUR + 1 },
    { cls: 'std', exp: iat + 24 * HOUR + 1 },
    { cls: 'std', iat: iat - 24 * HOUR, exp: iat + 1 },
  ] as const) {
    await refused(rig, 'GRANT_LIFETIME', async () =>
      verify(rig.forge(canonical({ ...good.payload, ...change }))),
    );
  }
  const most = await planted({ cls: 'break_glass', exp: iat + 2 * HOUR });
  expect(verify(most).cls).toBe('break_glass');
  await refused(rig, 'GRANT_LIFETIME', () => rig.issue({ cls: 'break_glass', lifetime_ms: 2 * HOUR + 1 }));
  await refused(rig, 'GRANT_LIFETIME', () => rig.issue({ lifetime_ms: 24 * HOUR + 1 }));
});

test("attack 14: another daemon's audience is refused", async () => {
  const token = await planted({ aud: 'reeve.test/other' });
  await refused(rig, 'GRANT_AUDIENCE', () => verify(token));
});

test('attack 25: an unknown crit entry is refused', async () => {
  for (const crit of [['two-person'], ['constructor'], ['a', 'b']]) {
    const token = await planted({ crit });
    await refused(rig, 'GRANT_CRIT_UNKNOWN', () => verify(token));
  }
});

test('the first reason in the order of the design is the one that is given', async () => {
  const wrong = { ...good.payload, aud: 'else', exp: good.payload.iat + 48 * HOUR };
  await refused(rig, 'GRANT_AUDIENCE', () => verify(rig.forge(canonical(wrong))));
  const tooLong = { ...good.payload, exp: good.payload.iat + 48 * HOUR };
  rig.halt('shop');
  await refused(rig, 'GRANT_LIFETIME', () => verify(rig.forge(canonical(tooLong))));
  const unknown = { ...good.payload, gid: `gr_${'f'.repeat(24)}` };
  await refused(rig, 'HALTED', () => verify(rig.forge(canonical(unknown))));
  rig.halts.clear();
  await refused(rig, 'GRANT_NOT_FOUND', () => verify(rig.forge(canonical(unknown))));
  // Signed by our key and of a known id, but not what was recorded.
  await refused(rig, 'GRANT_NOT_FOUND', () => verify(rig.forge(canonical({ ...good.payload, uses: 1000 }))));
});

test('property: no text makes the verifier throw anything but a ReeveError', () => {
  const facts = rig.facts();
  const piece = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.base64String(),
    fc.constant(parts()[1]),
    fc.constant(parts()[2]),
  );
  const anything = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 200 }),
    fc.tuple(fc.constantFrom('reeve1', 'reeve2', ''), piece, piece).map((three) => three.join('.')),
  );
  fc.assert(
    fc.property(anything, (token) => {
      try {
        verifyToken(token, facts);
        return token === good.token;
      } catch (error) {
        return error instanceof ReeveError;
      }
    }),
    { numRuns: 3000 },
  );
});

test('property: no signed payload makes the verifier throw anything but a ReeveError', () => {
  const facts = rig.facts();
  const kid = rig.keys.signer('grant').kid;
  fc.assert(
    fc.property(
      fc.json(),
      fc.dictionary(fc.constantFrom(...Object.keys(good.payload)), fc.jsonValue()),
      (json, over) => {
        for (const payload of [
          json,
          `{"kid":"${kid}"}${json}`,
          canonical({ ...good.payload, ...over, kid }),
        ]) {
          try {
            verifyToken(rig.forge(payload), facts);
            expect(payload).toBe(text());
          } catch (error) {
            expect(error).toBeInstanceOf(ReeveError);
          }
        }
      },
    ),
    { numRuns: 200 },
  );
});

test('property: OpenSSL and tweetnacl make the same signatures and accept each other', () => {
  const bytes32 = fc.uint8Array({ minLength: 32, maxLength: 32 });
  fc.assert(
    fc.property(bytes32, fc.uint8Array({ maxLength: 300 }), (seed, message) => {
      const pair = nacl.sign.keyPair.fromSeed(new Uint8Array(seed));
      const key = privateKeyFromSeed(seed);
      const bytes = new Uint8Array(signedBytes(message));
      expect(Buffer.from(rawPublicKey(key))).toEqual(Buffer.from(pair.publicKey));
      const theirs = nacl.sign.detached(bytes, pair.secretKey);
      expect(Buffer.from(theirs)).toEqual(sign(null, bytes, key));
      expect(verifyBytes(null, bytes, publicKeyFromRaw(pair.publicKey), theirs)).toBe(true);
      expect(isCanonicalSignature(theirs)).toBe(true);
      const changed = new Uint8Array([...bytes, 0]);
      expect(verifyBytes(null, changed, publicKeyFromRaw(pair.publicKey), theirs)).toBe(false);
      expect(nacl.sign.detached.verify(changed, theirs, pair.publicKey)).toBe(false);
    }),
    { numRuns: 15 },
  );
  const { signed, signature } = parseToken(good.token);
  const { publicKey } = rig.keys.signer('grant');
  expect(nacl.sign.detached.verify(new Uint8Array(signed), new Uint8Array(signature), publicKey)).toBe(true);
});

async function rejected(run: () => unknown): Promise<ReeveError> {
  try {
    await run();
  } catch (error) {
    if (error instanceof ReeveError) return error;
    throw error;
  }
  throw new Error('it was accepted');
}
