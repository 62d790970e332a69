import fs from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { canonical } from '../canonical.ts';
import { sha256Hex } from '../digest.ts';
import { errno } from '../durable.ts';

/** Path relative to the root → what stands there: `<hex>` of a file, `x <hex>` of an executable one, `link <target>`. */
export type Manifest = Record<string, string>;
const ManifestFile = z.record(z.string(), z.string());

export const writeManifest = (manifest: Manifest): Buffer => Buffer.from(canonical(manifest));
export const readManifest = (bytes: Uint8Array): Manifest =>
  ManifestFile.parse(JSON.parse(Buffer.from(bytes).toString('utf8')));

/** What belongs to the people who use the zone, inside it. */
const EXCEPT = 'overrides';
/** A file this young may change again within the same time stamp, ms: its digest is not remembered yet. */
const RACY_MS = 2000;

interface Seen {
  stamp: string;
  content: string;
}

/**
 * Takes the manifest of folders. Unchanged files (same inode, size, mtime, ctime, mode) are not read again, so a look at
 * an unchanged zone costs one lstat a file.
 */
export class ManifestTaker {
  #seen = new Map<string, Seen>();

  /** @param now Wall clock, ms. */
  async take(root: string, folders: readonly string[], now: number): Promise<Manifest> {
    const found: Manifest = {};
    const seen = new Map<string, Seen>();
    const visit = async (relative: string): Promise<void> => {
      const file = path.join(root, relative);
      const stat = await fs.lstat(file, { bigint: true }).catch(absent);
      if (stat === undefined) return;
      if (stat.isSymbolicLink()) {
        found[relative] = `link ${await fs.readlink(file)}`;
      } else if (stat.isDirectory()) {
        const names = await fs.readdir(file).catch(absent);
        const own = folders.includes(relative);
        for (const name of names ?? []) {
          if (!(own && name === EXCEPT)) await visit(path.join(relative, name));
        }
      } else if (stat.isFile()) {
        const stamp = `${stat.ino} ${stat.size} ${stat.mtimeNs} ${stat.ctimeNs} ${stat.mode}`;
        const before = this.#seen.get(relative);
        const content = before?.stamp === stamp ? before.content : await read(file, stat.mode);
        if (content === undefined) return;
        found[relative] = content;
        if (Math.abs(now - Number(stat.ctimeMs)) > RACY_MS) seen.set(relative, { stamp, content });
      } else found[relative] = 'special';
    };
    for (const folder of folders) await visit(path.normalize(folder));
    this.#seen = seen;
    return found;
  }
}

/** `+ path` new, `- path` gone, `~ path` changed; sorted by path. */
export function compareManifests(before: Manifest, after: Manifest): string[] {
  return [...new Set([...Object.keys(before), ...Object.keys(after)])].toSorted().flatMap((file) => {
    const [a, b] = [before[file], after[file]];
    if (a === b) return [];
    return [`${a === undefined ? '+' : b === undefined ? '-' : '~'} ${file}`];
  });
}

async function read(file: string, mode: bigint): Promise<string | undefined> {
  const bytes = await fs.readFile(file).catch(absent);
  if (bytes === undefined) return undefined;
  return `${(mode & 0o111n) === 0n ? '' : 'x '}${sha256Hex(bytes)}`;
}

/** Gone between two calls is the same as not there; anything else must be seen. */
function absent(error: unknown): undefined {
  if (errno(error) === 'ENOENT') return undefined;
  throw error;
}
