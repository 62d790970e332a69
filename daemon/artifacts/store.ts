import { createHash, hash, randomBytes } from 'node:crypto';
import path from 'node:path';
import type { ArtifactRef } from '../../contracts/artifact.ts';
import { fail } from '../../contracts/errors.ts';
import { Digest } from '../../contracts/ids.ts';
import { errno, makeFolder, removeDurably, writeAll } from '../durable.ts';
import type { Artifacts } from '../ports/artifacts.ts';
import type { FileHandle, Fs } from '../ports/fs.ts';

/** Read and hashed at a time, bytes. */
const CHUNK = 256 * 1024;
/** Digests known to be stored; the oldest goes first. */
const REMEMBERED = 1000;
const PREFIX = 'sha256:';

export interface FileArtifactsOptions {
  fs: Fs;
  /** Absolute; exists. Artifacts are `sha256/<first two digits>/<64 digits>` below it, mode 0600. */
  dir: string;
}

/**
 * Artifacts as files. `put` is open(tmp, O_EXCL) write… fdatasync close, rename(tmp, <digest>), fsync(folder): a file under
 * a digest is whole or not there. Two puts of the same bytes write the same file; bytes that no longer match their digest
 * are mended by the next put of the right ones.
 */
export function fileArtifacts({ fs, dir }: FileArtifactsOptions): Artifacts {
  const made = new Set<string>();
  const fileOf = (digest: string): string => {
    // What is no digest names no file, whatever path it would make.
    if (!Digest.safeParse(digest).success) throw fail('ARTIFACT_NOT_FOUND', { digest: digest.slice(0, 100) });
    const hex = digest.slice(PREFIX.length);
    return path.join(dir, 'sha256', hex.slice(0, 2), hex);
  };
  const folder = async (at: string): Promise<void> => {
    if (made.has(at)) return;
    await makeFolder(fs, path.dirname(at), 0o700);
    await makeFolder(fs, at, 0o700);
    made.add(at);
  };

  /** Digests whose files this process made durable. */
  const stored = new Set<string>();
  const remember = (digest: string): void => {
    const [oldest] = stored.keys();
    if (oldest !== undefined && stored.size >= REMEMBERED) stored.delete(oldest);
    stored.add(digest);
  };

  const tmpFolder = path.join(dir, 'tmp');
  let ready: Promise<void> | undefined;
  const prepare = async (): Promise<void> => {
    await folder(tmpFolder);
    // Left by a crash: one daemon per home, so nobody else writes here.
    for (const name of await fs.readdir(tmpFolder)) await fs.unlink(path.join(tmpFolder, name));
  };

  return {
    async put(data, { mediaType, name }) {
      await (ready ??= prepare());
      const named = (digest: string, size: number): ArtifactRef => ({
        ref: `artifact:${digest}`,
        digest,
        digest_alg: 'sha256',
        size_bytes: size,
        mediaType,
        size,
        ...(name === undefined ? {} : { name: path.basename(name).slice(0, 255) }),
      });
      if (data instanceof Uint8Array) {
        // The same plan is stored with each of its jobs: looking takes no write and no flush.
        const digest = PREFIX + hash('sha256', data, 'hex');
        if (stored.has(digest) && (await isWhole(fs, fileOf(digest), digest, data.byteLength)))
          return named(digest, data.byteLength);
      }
      const tmp = path.join(tmpFolder, randomBytes(12).toString('hex'));
      try {
        const { digest, size } = await writeHashed(fs, tmp, data);
        const file = fileOf(digest);
        if (await isWhole(fs, file, digest, size)) await fs.unlink(tmp);
        else {
          await folder(path.dirname(file));
          await fs.rename(tmp, file);
        }
        // Also of one that stands there: whoever put it may have been killed before this.
        await fs.syncDir(path.dirname(file));
        remember(digest);
        return named(digest, size);
      } catch (error) {
        await removeDurably(fs, tmp).catch(() => {});
        throw error;
      }
    },

    async get(digest) {
      const chunks: Uint8Array[] = [];
      for await (const chunk of readChecked(fs, fileOf(digest), digest)) chunks.push(chunk);
      return new Uint8Array(Buffer.concat(chunks));
    },

    async *stream(digest) {
      yield* readChecked(fs, fileOf(digest), digest);
    },

    async has(digest) {
      if (!Digest.safeParse(digest).success) return false;
      try {
        return (await fs.lstat(fileOf(digest))).isFile;
      } catch (error) {
        if (errno(error) === 'ENOENT') return false;
        throw error;
      }
    },
  };
}

/** Writes durably to a new file, hashing on the way. */
async function writeHashed(
  fs: Fs,
  file: string,
  data: Uint8Array | AsyncIterable<Uint8Array>,
): Promise<{ digest: string; size: number }> {
  const hashing = createHash('sha256');
  let size = 0;
  const handle = await fs.open(file, 'wx', 0o600);
  try {
    for await (const chunk of data instanceof Uint8Array ? [data] : data) {
      hashing.update(chunk);
      size += chunk.byteLength;
      if (chunk.byteLength > 0) await writeAll(handle, chunk);
    }
    await handle.datasync();
  } finally {
    await handle.close();
  }
  return { digest: PREFIX + hashing.digest('hex'), size };
}

/** The chunks of a file; the last one comes only when all of them together have the digest. */
async function* readChecked(fs: Fs, file: string, digest: string): AsyncGenerator<Uint8Array> {
  let handle: FileHandle;
  try {
    handle = await fs.open(file, 'r');
  } catch (cause) {
    if (errno(cause) === 'ENOENT') throw fail('ARTIFACT_NOT_FOUND', { digest }, { cause });
    // ELOOP: a link in the place of the file, which is not what was stored.
    if (errno(cause) === 'ELOOP') throw fail('ARTIFACT_CORRUPT', { digest }, { cause });
    throw cause;
  }
  try {
    const hashing = createHash('sha256');
    let held: Uint8Array | undefined;
    // What is longer or shorter than it was has another digest.
    const { size } = await handle.stat();
    for (let position = 0; position < size;) {
      const chunk = new Uint8Array(Math.min(CHUNK, size - position));
      const got = await handle.read(chunk, position);
      if (got === 0) break;
      if (held !== undefined) yield held;
      held = chunk.subarray(0, got);
      hashing.update(held);
      position += got;
    }
    if (PREFIX + hashing.digest('hex') !== digest) throw fail('ARTIFACT_CORRUPT', { digest });
    if (held !== undefined) yield held;
  } finally {
    await handle.close();
  }
}

async function isWhole(fs: Fs, file: string, digest: string, size: number): Promise<boolean> {
  try {
    if ((await fs.lstat(file)).size !== size) return false;
    let seen = 0;
    for await (const chunk of readChecked(fs, file, digest)) seen += chunk.byteLength;
    return seen === size;
  } catch (error) {
    if (errno(error) === 'ENOENT') return false;
    if (error instanceof Error && 'code' in error && error.code === 'ARTIFACT_CORRUPT') return false;
    throw error;
  }
}
