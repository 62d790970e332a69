import { randomBytes, timingSafeEqual } from 'node:crypto';
import { join } from 'node:path';
import type { Platform } from '../../contracts/chat.ts';
import { fail } from '../../contracts/errors.ts';
import { sha256 } from '../digest.ts';
import { createDurably } from '../durable.ts';
import type { Fs } from '../ports/fs.ts';
import { readPrivate } from '../private-file.ts';

/** Whom a bearer token belongs to: the owner of the home, or a bot by its id. */
export type TokenHolder = { kind: 'owner' } | { kind: 'bot'; id: Platform };

/** Knows one kind of token. Must take the same time for every wrong token. */
export interface TokenVerifier {
  verify(token: string): TokenHolder | undefined | Promise<TokenHolder | undefined>;
}

/** 32 random bytes, base64url. */
const TOKEN = /^[A-Za-z0-9_-]{43}$/;

/** Longest credential looked at, characters. */
export const MAX_TOKEN = 4096;

/**
 * The owner's token, `<home>/token`, mode 0600: read, or made at the first start. Throws `HOME_INSECURE` when others could
 * have read or planted it.
 */
export async function ensureOwnerToken(fs: Fs, home: string): Promise<string> {
  const path = join(home, 'token');
  const stored = await readPrivate(fs, path, 4096);
  if (stored !== undefined) {
    const token = stored.toString('utf8').trim();
    if (!TOKEN.test(token)) throw fail('HOME_INSECURE', { path, why: 'it is not a token this daemon made' });
    return token;
  }
  const token = randomBytes(32).toString('base64url');
  await createDurably(fs, path, Buffer.from(`${token}\n`), 0o600);
  return token;
}

/** Compares hashes in constant time, so that neither content nor length shows in the time taken. */
export function ownerVerifier(token: string): TokenVerifier {
  const expected = sha256(token);
  return {
    verify: (given) => (timingSafeEqual(sha256(given), expected) ? { kind: 'owner' } : undefined),
  };
}
