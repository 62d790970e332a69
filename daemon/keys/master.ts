import { scrypt } from 'node:crypto';
import { z } from 'zod';
import { fail } from '../../contracts/errors.ts';
import { replaceDurably } from '../durable.ts';
import { readPrivate } from '../private-file.ts';
import type { Fs } from '../ports/fs.ts';
import type { Sealer } from '../ports/keys.ts';

/** scrypt with 32 MiB and p = 3: OWASP's equivalent of N = 2^17, p = 1 at a quarter of the memory. */
const SCRYPT = { N: 2 ** 15, r: 8, p: 3 } as const;
const KEY_BYTES = 32;
const NONCE_BYTES = 24;

const Base64Of32 = z.base64().length(44);

/** `master.json`: the key itself (the file's mode is its protection), or how to derive it from a passphrase. */
const MasterFile = z.discriminatedUnion('kind', [
  z.strictObject({ v: z.literal(1), kind: z.literal('file'), key: Base64Of32 }),
  z.strictObject({
    v: z.literal(1),
    kind: z.literal('scrypt'),
    salt: Base64Of32,
    N: z.literal(SCRYPT.N),
    r: z.literal(SCRYPT.r),
    p: z.literal(SCRYPT.p),
  }),
]);
type MasterFile = z.infer<typeof MasterFile>;

export interface MasterOptions {
  fs: Fs;
  /** Cryptographically random bytes. */
  random: (bytes: number) => Uint8Array;
  /** When given, the master key is derived from it and stored nowhere. */
  passphrase?: string | undefined;
}

/**
 * The sealer of this home; with `create`, a missing master key is made (durable when it resolves). Throws
 * `KEYS_MISSING`, `KEYS_DAMAGED`, `HOME_INSECURE`.
 */
export async function openMaster(path: string, options: MasterOptions, create: boolean): Promise<Sealer> {
  const bytes = await readPrivate(options.fs, path);
  if (bytes !== undefined)
    return makeSealer(await keyFrom(path, parse(path, bytes), options), options.random);
  if (!create) throw fail('KEYS_MISSING');
  const random = Buffer.from(options.random(KEY_BYTES)).toString('base64');
  const file: MasterFile =
    options.passphrase === undefined
      ? { v: 1, kind: 'file', key: random }
      : { v: 1, kind: 'scrypt', salt: random, ...SCRYPT };
  await replaceDurably(options.fs, path, Buffer.from(`${JSON.stringify(file)}\n`), 0o600);
  return makeSealer(await keyFrom(path, file, options), options.random);
}

function parse(path: string, bytes: Buffer): MasterFile {
  try {
    return MasterFile.parse(JSON.parse(bytes.toString('utf8')));
  } catch (cause) {
    // The cause may quote the file, which is the key: it must not travel.
    const why =
      cause instanceof z.ZodError ? 'the master key has the wrong form' : 'the master key is not JSON';
    throw fail('KEYS_DAMAGED', { why, path });
  }
}

async function keyFrom(path: string, file: MasterFile, options: MasterOptions): Promise<Uint8Array> {
  if (file.kind === 'file') return new Uint8Array(Buffer.from(file.key, 'base64'));
  const { passphrase } = options;
  if (passphrase === undefined) {
    throw fail('KEYS_DAMAGED', { why: 'the master key needs its passphrase', path });
  }
  const { N, r, p } = file;
  return new Promise((resolve, reject) => {
    const maxmem = 256 * N * r;
    scrypt(
      passphrase.normalize('NFKC'),
      Buffer.from(file.salt, 'base64'),
      KEY_BYTES,
      { N, r, p, maxmem },
      (e, key) => (e === null ? resolve(new Uint8Array(key)) : reject(e)),
    );
  });
}

/** secretbox under `key`; loads tweetnacl at the first call. */
async function makeSealer(key: Uint8Array, random: (bytes: number) => Uint8Array): Promise<Sealer> {
  const { default: nacl } = await import('tweetnacl');
  return {
    seal(plain) {
      const nonce = new Uint8Array(random(NONCE_BYTES));
      return Buffer.concat([nonce, nacl.secretbox(new Uint8Array(plain), nonce, key)]).toString('base64');
    },
    open(sealed) {
      const bytes = new Uint8Array(Buffer.from(sealed, 'base64'));
      if (bytes.length < NONCE_BYTES + nacl.secretbox.overheadLength) return undefined;
      return (
        nacl.secretbox.open(bytes.subarray(NONCE_BYTES), bytes.subarray(0, NONCE_BYTES), key) ?? undefined
      );
    },
  };
}
