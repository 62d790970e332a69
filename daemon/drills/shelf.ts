import { randomBytes } from 'node:crypto';
import { open, rename, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { fail } from '../../contracts/errors.ts';
import { createDurably, errno, makeFolder, readWhole, removeDurably } from '../durable.ts';
import { digestOf } from '../digest.ts';
import { iso } from '../time.ts';
import type { DriverDeps } from './driver.ts';
import { lastProven } from './keep.ts';
import { parseCheckpoint, type Checkpoint, type StoredCheckpoint } from './verify/checkpoint.ts';

/** A backup on a shelf: `<id><ending>`, a file or a folder, and its checkpoint `<id>.json`, which is written last. */
export interface Shelved {
  id: string;
  path: string;
  checkpoint: Checkpoint;
  /** `sha256:` of the checkpoint: what names the backup in evidence. */
  digest: string;
}

/** `<UTC time>-<random>`: sorts by time. */
const ID = /^\d{8}T\d{9}Z-[0-9a-f]{8}$/;
const DRAFT = '.partial';

/** A folder of backups of one kind. Only complete ones are seen; one backup at a time is made in it. */
export class Shelf {
  readonly dir: string;
  readonly #deps: Pick<DriverDeps, 'fs' | 'note' | 'proven'>;
  readonly #driver: string;
  readonly #ending: string;

  constructor(deps: Pick<DriverDeps, 'fs' | 'note' | 'proven'>, driver: string, dir: string, ending: string) {
    this.#deps = deps;
    this.#driver = driver;
    this.dir = dir;
    this.#ending = ending;
  }

  /** Ids of the complete backups, oldest first. */
  async ids(): Promise<string[]> {
    const names = new Set(await this.#names());
    return [...names]
      .filter((name) => name.endsWith('.json') && ID.test(name.slice(0, -5)))
      .map((name) => name.slice(0, -5))
      .filter((id) => names.has(id + this.#ending))
      .sort();
  }

  /** The complete backups, oldest first: their ids and where they are. */
  async all(): Promise<{ id: string; path: string }[]> {
    return (await this.ids()).map((id) => ({ id, path: join(this.dir, id + this.#ending) }));
  }

  /** Makes the folder, clears what a crash left, and names a new backup: where it is to be written. */
  async begin(at: number): Promise<{ id: string; draft: string }> {
    await makeFolder(this.#deps.fs, this.dir);
    for (const name of await this.#names()) {
      // Programs put files of their own beside what they write.
      const at = name.indexOf(this.#ending + DRAFT);
      if (at < 0 || !ID.test(name.slice(0, at))) continue;
      await rm(join(this.dir, name), { recursive: true, force: true });
      this.#deps.note('removed an unfinished backup', { backup: name });
    }
    const id = `${iso(at).replaceAll(/[-:.]/g, '')}-${randomBytes(4).toString('hex')}`;
    return { id, draft: join(this.dir, id + this.#ending + DRAFT) };
  }

  /** The draft becomes a backup; durable when it resolves. Then all but the newest `keep`, and the last proven one, are removed. */
  async complete(id: string, { bytes }: Pick<StoredCheckpoint, 'bytes'>, keep: number): Promise<string> {
    const path = join(this.dir, id + this.#ending);
    const draft = await open(path + DRAFT, 'r');
    try {
      await draft.sync();
    } finally {
      await draft.close();
    }
    await rename(path + DRAFT, path);
    await this.#deps.fs.syncDir(this.dir);
    await createDurably(this.#deps.fs, join(this.dir, `${id}.json`), bytes);
    const old = (await this.ids()).filter((one) => one !== id);
    const surplus = old.slice(0, Math.max(0, old.length - (keep - 1)));
    const proven = surplus.length === 0 ? undefined : await this.#lastProven([...old, id]);
    for (const one of surplus.filter((each) => each !== proven)) {
      // The checkpoint first: what a crash leaves is then no backup.
      await removeDurably(this.#deps.fs, join(this.dir, `${one}.json`));
      await rm(join(this.dir, one + this.#ending), { recursive: true, force: true });
      this.#deps.note('removed an old backup', { backup: one, keep });
    }
    return path;
  }

  async #lastProven(ids: readonly string[]): Promise<string | undefined> {
    const digests = new Map<string, string>();
    for (const id of ids) {
      const bytes = await readWhole(this.#deps.fs, join(this.dir, `${id}.json`));
      if (bytes !== undefined) digests.set(id, digestOf(bytes));
    }
    return lastProven(ids.toReversed(), (id) => digests.get(id), this.#deps.proven());
  }

  async abandon(draft: string): Promise<void> {
    for (const name of await this.#names())
      if (name.startsWith(basename(draft))) await rm(join(this.dir, name), { recursive: true, force: true });
  }

  /** @throws BACKUP_NOT_FOUND, BACKUP_CORRUPT */
  async find(which: string, checkpoint?: string): Promise<Shelved> {
    const ids = await this.ids();
    const id = which === 'latest' ? ids.at(-1) : ids.find((one) => one === which);
    const bytes = id === undefined ? undefined : await readWhole(this.#deps.fs, join(this.dir, `${id}.json`));
    if (id === undefined || bytes === undefined) throw fail('BACKUP_NOT_FOUND', { id: which, dir: this.dir });
    const digest = digestOf(bytes);
    if (checkpoint !== undefined && checkpoint !== digest)
      throw fail('BACKUP_CORRUPT', {
        id,
        why: `its checkpoint is ${digest} where ${checkpoint} was recorded`,
      });
    return {
      id,
      path: join(this.dir, id + this.#ending),
      checkpoint: parseCheckpoint(bytes, this.#driver, id),
      digest,
    };
  }

  async #names(): Promise<string[]> {
    return this.#deps.fs.readdir(this.dir).catch((error: unknown) => {
      if (errno(error) === 'ENOENT') return [];
      throw error;
    });
  }
}
