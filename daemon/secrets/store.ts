import { z } from 'zod';
import { fail } from '../../contracts/errors.ts';
import { Millis } from '../../contracts/json.ts';
import { canonical } from '../canonical.ts';
import { replaceDurably } from '../durable.ts';
import { readPrivate } from '../private-file.ts';
import type { Clock } from '../ports/clock.ts';
import type { Fs } from '../ports/fs.ts';
import type { Sealer } from '../ports/keys.ts';
import type { SecretInfo, SecretRotation, Secrets } from '../ports/secrets.ts';

/** Also valid as (part of) an environment variable's name after upper-casing; nothing a path or a shell could misread. */
const SecretName = z.string().regex(/^[A-Za-z][A-Za-z0-9_.-]{0,127}$/);
/** Values are kept small: a sealed file is rewritten as a whole. */
const MAX_VALUE_BYTES = 64 * 1024;

/** `sealed` is null once removed; the version count goes on from there. */
const Entry = z.strictObject({ version: z.int().min(1), updated: Millis, sealed: z.base64().nullable() });
type Entry = z.infer<typeof Entry>;
const SecretsFile = z.strictObject({
  v: z.literal(1),
  secrets: z.array(z.tuple([SecretName, Entry])).max(10_000),
});
/** What stands in the box: the name and version with the value, so that boxes cannot change places or come back. */
const Boxed = z.strictObject({ name: SecretName, version: z.int().min(1), value: z.string() });

export interface SecretStoreOptions {
  fs: Fs;
  clock: Clock;
  sealer: Sealer;
  /** `<home>/secrets.json`, mode 0600. */
  path: string;
}

/** Opens the sealed secret file; a missing file is an empty store. Throws `SECRETS_DAMAGED`, `HOME_INSECURE`. */
export async function openSecrets(options: SecretStoreOptions): Promise<Secrets> {
  return new SecretStore(options, await read(options));
}

class SecretStore implements Secrets {
  readonly #options: SecretStoreOptions;
  #entries: ReadonlyMap<string, Entry>;
  #busy: Promise<unknown> = Promise.resolve();

  constructor(options: SecretStoreOptions, entries: ReadonlyMap<string, Entry>) {
    this.#options = options;
    this.#entries = entries;
  }

  async list(): Promise<SecretInfo[]> {
    const present = [...this.#entries].filter(([, entry]) => entry.sealed !== null);
    return present.map(([name, entry]) => info(name, entry)).sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  async has(name: string): Promise<boolean> {
    return (this.#entries.get(name)?.sealed ?? null) !== null;
  }

  async get(name: string): Promise<string> {
    const entry = this.#entries.get(name);
    if (entry === undefined || entry.sealed === null) throw fail('SECRET_NOT_FOUND', { name: shown(name) });
    return unseal(name, entry, this.#options);
  }

  set(name: string, value: string): Promise<SecretRotation> {
    return this.#next(async () => {
      checkValue(name, value);
      const before = this.#entries.get(name);
      const version = (before?.version ?? 0) + 1;
      const sealed = this.#options.sealer.seal(Buffer.from(canonical({ name, version, value })));
      await this.#write(name, { version, updated: this.#options.clock.now(), sealed });
      return {
        secret_name: name,
        ...(before === undefined ? {} : { previous_version: String(before.version) }),
        new_version: String(version),
      };
    });
  }

  remove(name: string): Promise<SecretInfo> {
    return this.#next(async () => {
      const entry = this.#entries.get(name);
      if (entry === undefined || entry.sealed === null) throw fail('SECRET_NOT_FOUND', { name: shown(name) });
      const gone = { ...entry, updated: this.#options.clock.now(), sealed: null };
      await this.#write(name, gone);
      return info(name, gone);
    });
  }

  async values(): Promise<string[]> {
    const present = [...this.#entries].filter(([, entry]) => entry.sealed !== null);
    return present.map(([name, entry]) => unseal(name, entry, this.#options));
  }

  async #write(name: string, entry: Entry): Promise<void> {
    const entries = new Map(this.#entries).set(name, entry);
    const text = `${JSON.stringify({ v: 1, secrets: [...entries] }, null, 1)}\n`;
    await replaceDurably(this.#options.fs, this.#options.path, Buffer.from(text), 0o600);
    this.#entries = entries;
  }

  #next<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#busy.then(work);
    this.#busy = turn.catch(() => undefined);
    return turn;
  }
}

async function read({ fs, path }: SecretStoreOptions): Promise<Map<string, Entry>> {
  const bytes = await readPrivate(fs, path, 1024 * 1024 * 1024);
  if (bytes === undefined) return new Map();
  let entries: [string, Entry][];
  try {
    entries = SecretsFile.parse(JSON.parse(bytes.toString('utf8'))).secrets;
  } catch (cause) {
    throw fail('SECRETS_DAMAGED', { path, why: 'it has the wrong form' }, { cause });
  }
  const map = new Map(entries);
  if (map.size !== entries.length) throw fail('SECRETS_DAMAGED', { path, why: 'a name stands in it twice' });
  return map;
}

function unseal(name: string, entry: Entry, { sealer, path }: SecretStoreOptions): string {
  const plain = sealer.open(entry.sealed ?? '');
  if (plain === undefined) throw fail('SECRETS_DAMAGED', { path, why: `${name} does not open` });
  const boxed = Boxed.parse(JSON.parse(Buffer.from(plain).toString('utf8')));
  if (boxed.name !== name || boxed.version !== entry.version) {
    throw fail('SECRETS_DAMAGED', { path, why: `the box of ${name} belongs to another secret or version` });
  }
  return boxed.value;
}

function checkValue(name: string, value: string): void {
  if (!SecretName.safeParse(name).success) {
    throw fail('SECRET_INVALID', {
      name: shown(name),
      why: 'a name has letters, digits, _ . - and starts with a letter',
    });
  }
  if (value === '') throw fail('SECRET_INVALID', { name, why: 'its value is empty' });
  if (!value.isWellFormed()) throw fail('SECRET_INVALID', { name, why: 'its value is not valid Unicode' });
  if (Buffer.byteLength(value) > MAX_VALUE_BYTES) {
    throw fail('SECRET_INVALID', { name, why: `its value is longer than ${MAX_VALUE_BYTES} bytes` });
  }
}

/** A name as typed by anyone, safe to show. */
const shown = (name: string): string => name.replace(/[^A-Za-z0-9_.-]/g, '?').slice(0, 128);

const info = (name: string, { version, updated }: Entry): SecretInfo => ({ name, version, updated });
