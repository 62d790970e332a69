import { generateKeyPairSync } from 'node:crypto';
import fc from 'fast-check';
import nacl from 'tweetnacl';
import { expect, test } from 'vitest';
import { ReeveError } from '../contracts/errors.ts';
import { privateKeyFromSeed, rawPublicKey } from '../daemon/ed25519.ts';
import { checkPublicKey, importPublicKey } from '../daemon/enrol-key.ts';

function why(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    if (error instanceof ReeveError && error.code === 'GRANT_KEY_REJECTED') return error.message;
    throw error;
  }
  return 'accepted';
}
const hex = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'hex'));

/** The eight points of the torsion subgroup in their canonical encodings (Chalkias et al., "Taming the many EdDSAs", table 1). */
const SMALL_ORDER = [
  '0100000000000000000000000000000000000000000000000000000000000000',
  'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  '0000000000000000000000000000000000000000000000000000000000000000',
  '0000000000000000000000000000000000000000000000000000000000000080',
  'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a',
  'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa',
  '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05',
  '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85',
];
/** Encodings that decoders reduce to a point: y ≥ p, or x = 0 with its sign bit set. */
const NON_CANONICAL = [
  '0100000000000000000000000000000000000000000000000000000000000080',
  'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff',
  'edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  'edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff',
  'eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  'eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff',
  'ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff',
];

test('attack 03: every small-order public key is refused at enrolment', () => {
  for (const point of SMALL_ORDER) expect(why(() => checkPublicKey(hex(point)))).toMatch(/small order/);
  // Why it matters: under such a key a verifier without the check (tweetnacl) takes one signature for any message.
  const identity = hex(SMALL_ORDER[0] ?? '');
  const forged = new Uint8Array([...identity, ...new Uint8Array(32)]);
  for (const message of ['deploy everything', 'and then some']) {
    expect(nacl.sign.detached.verify(new Uint8Array(Buffer.from(message)), forged, identity)).toBe(true);
  }
});

test('attack 03: non-canonical encodings and points off the curve are refused', () => {
  for (const point of NON_CANONICAL) expect(why(() => checkPublicKey(hex(point)))).toMatch(/not canonical/);
  expect(why(() => checkPublicKey(hex(`02${'00'.repeat(31)}`)))).toMatch(/not a point/);
});

test('attack 03: a point of mixed order, a good key plus a small one, is refused', () => {
  // A public key plus the point (0, −1) of order two is (−x, −y).
  const { publicKey } = nacl.sign.keyPair.fromSeed(new Uint8Array(32).fill(7));
  const p = 2n ** 255n - 19n;
  const bits = BigInt(`0x${Buffer.from(publicKey).reverse().toString('hex')}`);
  const y = p - (bits & (2n ** 255n - 1n));
  const sign = (bits >> 255n) ^ 1n;
  const mixed = Buffer.from((y | (sign << 255n)).toString(16).padStart(64, '0'), 'hex').reverse();
  expect(why(() => checkPublicKey(new Uint8Array(mixed)))).toMatch(/prime order/);
});

test('wrong lengths are refused', () => {
  for (const length of [0, 1, 31, 33, 64]) {
    expect(why(() => checkPublicKey(new Uint8Array(length)))).toMatch(/instead of 32/);
  }
});

test('attack 06: a key of another type is refused, in PEM and DER', () => {
  const others = [
    generateKeyPairSync('x25519').publicKey,
    generateKeyPairSync('ed448').publicKey,
    generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey,
    generateKeyPairSync('rsa', { modulusLength: 1024 }).publicKey,
  ];
  for (const key of others) {
    expect(why(() => importPublicKey(key.export({ type: 'spki', format: 'pem' }).toString()))).toMatch(
      /type/,
    );
    expect(why(() => importPublicKey(key.export({ type: 'spki', format: 'der' })))).toMatch(/type/);
  }
  for (const rubbish of ['', 'rubbish', new Uint8Array(44), new Uint8Array()]) {
    expect(why(() => importPublicKey(rubbish))).toMatch(/readable/);
  }
});

test('property: every key that tweetnacl or OpenSSL makes is accepted', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 32, maxLength: 32 }), (seed) => {
      const raw = nacl.sign.keyPair.fromSeed(new Uint8Array(seed)).publicKey;
      checkPublicKey(raw);
      expect(Buffer.from(rawPublicKey(privateKeyFromSeed(seed)))).toEqual(Buffer.from(raw));
    }),
    { numRuns: 30 },
  );
  const { publicKey } = generateKeyPairSync('ed25519');
  const raw = importPublicKey(publicKey.export({ type: 'spki', format: 'pem' }).toString());
  expect(Buffer.from(raw)).toEqual(Buffer.from(rawPublicKey(publicKey)));
});
