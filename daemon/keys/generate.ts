import { sign, type KeyObject } from 'node:crypto';
import { fail } from '../../contracts/errors.ts';
import { keyId, privateKeyFromSeed, rawPublicKey, SEED_BYTES } from '../ed25519.ts';
import type { KeyPurpose, Sealer, Signer } from '../ports/keys.ts';
import { checkPublicKey } from '../enrol-key.ts';
import type { StoredKey } from './file.ts';

/** Makes a key pair with tweetnacl, checks that OpenSSL derives the same public key, and seals the seed. */
export async function generateKey(
  purpose: KeyPurpose,
  sealer: Sealer,
  random: (bytes: number) => Uint8Array,
  now: number,
): Promise<StoredKey> {
  const { default: nacl } = await import('tweetnacl');
  const seed = new Uint8Array(random(SEED_BYTES));
  const pair = nacl.sign.keyPair.fromSeed(seed);
  checkPublicKey(pair.publicKey);
  if (!Buffer.from(rawPublicKey(privateKeyFromSeed(seed))).equals(pair.publicKey)) {
    throw fail('KEYS_DAMAGED', { why: 'two implementations derive different keys', path: 'nothing' });
  }
  const sealed = sealer.seal(Buffer.concat([Buffer.from(label(purpose)), seed]));
  seed.fill(0);
  pair.secretKey.fill(0);
  return {
    kid: keyId(pair.publicKey),
    purpose,
    public_key: Buffer.from(pair.publicKey).toString('base64'),
    created: now,
    retired: null,
    sealed,
  };
}

/** Unseals a current key. Throws `KEYS_DAMAGED` when the box, its purpose or its public key does not fit. */
export function openKey(key: StoredKey, sealer: Sealer, path: string): Signer {
  const plain = sealer.open(key.sealed ?? '');
  if (plain === undefined) {
    const why = `${key.kid} does not open: another master key or passphrase, or changed bytes`;
    throw fail('KEYS_DAMAGED', { why, path });
  }
  const prefix = label(key.purpose);
  const named = Buffer.from(plain.subarray(0, prefix.length)).toString('latin1') === prefix;
  if (!named || plain.length !== prefix.length + SEED_BYTES) {
    throw fail('KEYS_DAMAGED', { why: `${key.kid} was made for another purpose`, path });
  }
  const privateKey = privateKeyFromSeed(plain.subarray(prefix.length));
  plain.fill(0);
  const publicKey = rawPublicKey(privateKey);
  if (Buffer.from(publicKey).toString('base64') !== key.public_key) {
    throw fail('KEYS_DAMAGED', { why: `${key.kid} holds the private half of another key`, path });
  }
  return makeSigner(key.kid, publicKey, privateKey);
}

function makeSigner(kid: string, publicKey: Uint8Array, privateKey: KeyObject): Signer {
  return { kid, publicKey, sign: (bytes) => new Uint8Array(sign(null, bytes, privateKey)) };
}

/** Sealed with the seed, so that a box moved to another purpose does not open as a key of it. */
const label = (purpose: KeyPurpose): string => `reeve/key/v1\0${purpose}\0`;
