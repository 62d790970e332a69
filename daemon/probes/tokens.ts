import { createHash, createHmac } from 'node:crypto';
import { createDurably, readWhole } from '../durable.ts';
import type { Fs } from '../ports/fs.ts';

const KEY_BYTES = 32;
/** 128 bits of the HMAC, base64url. */
const TOKEN_BYTES = 16;

/** The push tokens of heartbeat probes: made from the probe's name with a key of this home, so that they need no list. */
export interface Tokens {
  of(probe: string): string;
  /** Which of these probes a token belongs to. */
  find(token: string, probes: Iterable<string>): string | undefined;
}

/** @param file holds the key (0600); made when it is not there. Rejects as the disk does. */
export async function openTokens(
  fs: Fs,
  file: string,
  random: (bytes: number) => Uint8Array,
): Promise<Tokens> {
  let key = await readWhole(fs, file, KEY_BYTES);
  if (key?.length !== KEY_BYTES) {
    if (key !== undefined) throw new Error(`${file} does not hold ${KEY_BYTES} bytes`);
    key = Buffer.from(random(KEY_BYTES));
    await createDurably(fs, file, key);
  }
  const secret = key;
  const of = (probe: string): string =>
    createHmac('sha256', secret)
      .update(`reeve/push/v1\0${probe}`)
      .digest()
      .subarray(0, TOKEN_BYTES)
      .toString('base64url');
  return {
    of,
    find(token, probes) {
      // Hashes are compared, so that the time a comparison takes tells nothing of a token.
      const wanted = createHash('sha256').update(token).digest('hex');
      for (const probe of probes)
        if (createHash('sha256').update(of(probe)).digest('hex') === wanted) return probe;
      return undefined;
    },
  };
}
