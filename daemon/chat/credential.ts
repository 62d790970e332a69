import { timingSafeEqual } from 'node:crypto';
import type { Platform } from '../../contracts/chat.ts';
import { digestOf, sha256 } from '../digest.ts';

/** A domain of its own: the digest of a bot's token is the digest of nothing else. */
const DOMAIN = 'reeve/bot/v1\0';
const TOKEN = /^reevebot1\.(discord|slack)\.[A-Za-z0-9_-]{43}$/;

/** A bot's bearer token and what the daemon keeps of it. 32 random bytes; the platform stands in it for people who look. */
export function mint(
  platform: Platform,
  random: (bytes: number) => Uint8Array,
): { token: string; credential: string } {
  const token = `reevebot1.${platform}.${Buffer.from(random(32)).toString('base64url')}`;
  return { token, credential: credentialOf(token) };
}

const credentialOf = (token: string): string => digestOf(DOMAIN + token);

/** Whose token it is. Each wrong one takes the same time: digests are compared, all of them. */
export function holderOf(
  token: string,
  bots: Partial<Record<Platform, { credential: string }>>,
): Platform | undefined {
  if (!TOKEN.test(token)) return undefined;
  const given = sha256(credentialOf(token));
  let found: Platform | undefined;
  for (const platform of ['discord', 'slack'] as const) {
    const known = bots[platform];
    const expected = sha256(known?.credential ?? '');
    if (timingSafeEqual(given, expected) && known !== undefined) found = platform;
  }
  return found;
}
