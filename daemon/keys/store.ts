import { join } from 'node:path';
import { fail } from '../../contracts/errors.ts';
import { makeFolder } from '../durable.ts';
import { checkPrivateFolder } from '../private-file.ts';
import type { Clock } from '../ports/clock.ts';
import type { CheckpointSigner, KeyPurpose, Keys, PublicKeyInfo, Sealer, Signer } from '../ports/keys.ts';
import { readKeyFile, writeKeyFile, type StoredKey } from './file.ts';
import { generateKey, openKey } from './generate.ts';
import { openMaster, type MasterOptions } from './master.ts';

export interface KeyStoreOptions extends MasterOptions {
  /** `<home>/keys`; made with mode 0700. */
  folder: string;
  clock: Clock;
}

const PURPOSES = ['grant', 'checkpoint', 'bot'] as const satisfies readonly KeyPurpose[];

/**
 * Makes the master key and one key per purpose; durable when it resolves. A first run that was cut off before its keys
 * were stored is completed. Throws `KEYS_EXIST`, `KEYS_DAMAGED`, `HOME_INSECURE`.
 */
export async function initKeys(options: KeyStoreOptions): Promise<KeyStore> {
  const { fs, folder, random, clock } = options;
  await makeFolder(fs, folder, 0o700);
  await checkPrivateFolder(fs, folder);
  const path = join(folder, 'keys.json');
  if ((await readKeyFile(fs, path)) !== undefined) throw fail('KEYS_EXIST');
  const sealer = await openMaster(join(folder, 'master.json'), options, true);
  const keys: StoredKey[] = [];
  for (const purpose of PURPOSES) keys.push(await generateKey(purpose, sealer, random, clock.now()));
  await writeKeyFile(fs, path, keys);
  return new KeyStore(options, path, sealer, keys);
}

/** Opens the key store. Throws `KEYS_MISSING`, `KEYS_DAMAGED`, `HOME_INSECURE`. */
export async function loadKeys(options: KeyStoreOptions): Promise<KeyStore> {
  const { fs, folder } = options;
  if (!(await checkPrivateFolder(fs, folder))) throw fail('KEYS_MISSING');
  const path = join(folder, 'keys.json');
  const keys = await readKeyFile(fs, path);
  if (keys === undefined) throw fail('KEYS_MISSING');
  const master = join(folder, 'master.json');
  const sealer = await openMaster(master, options, false).catch((cause: unknown) => {
    if (cause instanceof Error && 'code' in cause && cause.code === 'KEYS_MISSING') {
      throw fail('KEYS_DAMAGED', { why: 'the master key is gone', path: master }, { cause });
    }
    throw cause;
  });
  return new KeyStore(options, path, sealer, keys);
}

export class KeyStore implements Keys {
  /** Seals other things of this home (secrets) under the same master key. */
  readonly sealer: Sealer;
  readonly #options: KeyStoreOptions;
  readonly #path: string;
  #keys: readonly StoredKey[];
  #public: readonly PublicKeyInfo[];
  #signers: ReadonlyMap<KeyPurpose, Signer>;
  #busy: Promise<unknown> = Promise.resolve();

  constructor(options: KeyStoreOptions, path: string, sealer: Sealer, keys: readonly StoredKey[]) {
    this.#options = options;
    this.#path = path;
    this.sealer = sealer;
    this.#keys = keys;
    this.#public = keys.map(publicInfo);
    this.#signers = this.#open(keys);
  }

  list(): readonly PublicKeyInfo[] {
    return this.#public;
  }

  signer(purpose: KeyPurpose): Signer {
    const signer = this.#signers.get(purpose);
    if (signer === undefined) throw fail('KEYS_MISSING');
    return signer;
  }

  checkpointSigner(origin: string): CheckpointSigner {
    const { kid, publicKey, sign } = this.signer('checkpoint');
    return { origin, keyId: kid, publicKey, sign };
  }

  rotate(purpose: KeyPurpose): Promise<{ created: PublicKeyInfo; retired: PublicKeyInfo }> {
    const turn = this.#busy.then(() => this.#rotate(purpose));
    this.#busy = turn.catch(() => undefined);
    return turn;
  }

  async #rotate(purpose: KeyPurpose): Promise<{ created: PublicKeyInfo; retired: PublicKeyInfo }> {
    const { fs, random, clock } = this.#options;
    const old = this.#keys.find((k) => k.purpose === purpose && k.retired === null);
    if (old === undefined) throw fail('KEYS_MISSING');
    const retired: StoredKey = { ...old, retired: clock.now(), sealed: null };
    const created = await generateKey(purpose, this.sealer, random, clock.now());
    const keys = [...this.#keys.map((k) => (k === old ? retired : k)), created];
    await writeKeyFile(fs, this.#path, keys);
    this.#keys = keys;
    this.#public = keys.map(publicInfo);
    this.#signers = this.#open(keys);
    return { created: publicInfo(created), retired: publicInfo(retired) };
  }

  #open(keys: readonly StoredKey[]): Map<KeyPurpose, Signer> {
    const current = keys.filter((k) => k.retired === null);
    return new Map(current.map((k) => [k.purpose, openKey(k, this.sealer, this.#path)]));
  }
}

function publicInfo({ kid, purpose, public_key, created, retired }: StoredKey): PublicKeyInfo {
  return { kid, purpose, publicKey: public_key, created, retired };
}
