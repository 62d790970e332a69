import { z } from 'zod';
import { fail } from '../../contracts/errors.ts';
import { KeyId } from '../../contracts/ids.ts';
import { Millis } from '../../contracts/json.ts';
import { replaceDurably } from '../durable.ts';
import { keyId } from '../ed25519.ts';
import { readPrivate } from '../private-file.ts';
import type { Fs } from '../ports/fs.ts';

/** `keys.json`: one entry per key; `sealed` holds the seed of a current key and is null once it is retired. */
const StoredKey = z.strictObject({
  kid: KeyId,
  purpose: z.enum(['grant', 'checkpoint', 'bot']),
  public_key: z.base64().length(44),
  created: Millis,
  retired: Millis.nullable(),
  sealed: z.base64().max(400).nullable(),
});
export type StoredKey = z.infer<typeof StoredKey>;

const KeyFile = z.strictObject({ v: z.literal(1), keys: z.array(StoredKey).max(10_000) });

/** Undefined when there is none. Throws `KEYS_DAMAGED`, `HOME_INSECURE`. */
export async function readKeyFile(fs: Fs, path: string): Promise<StoredKey[] | undefined> {
  const bytes = await readPrivate(fs, path);
  if (bytes === undefined) return undefined;
  let keys: StoredKey[];
  try {
    keys = KeyFile.parse(JSON.parse(bytes.toString('utf8'))).keys;
  } catch (cause) {
    const why = cause instanceof z.ZodError ? 'it has the wrong form' : 'it is not JSON';
    throw fail('KEYS_DAMAGED', { why, path }, { cause });
  }
  for (const key of keys) checkEntry(key, path);
  for (const key of keys) {
    const twins = keys.filter((k) => k.kid === key.kid || current(k, key));
    if (twins.length > 1) throw fail('KEYS_DAMAGED', { why: `two keys claim the place of ${key.kid}`, path });
  }
  return keys;
}

/** Durable and atomic: after a crash the file is the old or the new one. */
export async function writeKeyFile(fs: Fs, path: string, keys: readonly StoredKey[]): Promise<void> {
  await replaceDurably(fs, path, Buffer.from(`${JSON.stringify({ v: 1, keys }, null, 2)}\n`), 0o600);
}

const current = (a: StoredKey, b: StoredKey): boolean =>
  a.retired === null && b.retired === null && a.purpose === b.purpose;

function checkEntry(key: StoredKey, path: string): void {
  if (keyId(Buffer.from(key.public_key, 'base64')) !== key.kid) {
    throw fail('KEYS_DAMAGED', { why: `another public key stands under ${key.kid}`, path });
  }
  if ((key.sealed === null) !== (key.retired !== null)) {
    throw fail('KEYS_DAMAGED', { why: `${key.kid} is neither current nor retired`, path });
  }
}
