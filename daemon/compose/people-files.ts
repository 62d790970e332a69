import { lstat, realpath } from 'node:fs/promises';
import path from 'node:path';
import { ReeveError, fail } from '../../contracts/errors.ts';
import { errno, makeFolder, readWhole, replaceDurably } from '../durable.ts';
import type { Config } from '../ports/config.ts';
import type { Fs } from '../ports/fs.ts';
import type { SyncDeps } from '../sync/sync.ts';

/** Files of people that are read and written as a whole, bytes. */
const MAX_FILE = 16 * 1024 * 1024;

export interface FilesDeps {
  config: Config;
  fs: Fs;
  zones: { checkWrite(file: string, options?: { confirmed?: boolean }): Promise<string> };
}
type PeopleFiles = Pick<SyncDeps, 'read' | 'write' | 'source'>;

/** Files of people, through the zones. */
export function filesOf({ config, fs, zones }: FilesDeps, confirmed: boolean): PeopleFiles {
  const refuse = (file: string, why: string, cause?: unknown): Error =>
    fail('SYNC_FILE', { file, why }, { cause });
  async function look(file: string): Promise<{ real: string; text: string | undefined }> {
    const real = await zones.checkWrite(path.resolve(config.current().root, file), { confirmed });
    const bytes = await readWhole(fs, real, MAX_FILE).catch((error: unknown) => {
      throw refuse(file, 'it cannot be read, or is larger than 16 MiB', error);
    });
    if (bytes === undefined) return { real, text: undefined };
    const text = bytes.toString('utf8');
    // Writing back what was no text would destroy it.
    if (!Buffer.from(text).equals(bytes)) throw refuse(file, 'it is not UTF-8');
    return { real, text };
  }
  return {
    async source(file) {
      const root = await realpath(config.current().root);
      try {
        const real = await realpath(path.resolve(root, file));
        if (!real.startsWith(root + path.sep)) throw refuse(file, 'it leads out of the estate');
        const bytes = await readWhole(fs, real, MAX_FILE);
        if (bytes !== undefined) return bytes;
      } catch (error) {
        if (error instanceof ReeveError) throw error;
        throw refuse(file, 'it cannot be read', error);
      }
      throw refuse(file, 'it is not there');
    },
    read: async (file) => (await look(file)).text,
    async write(file, text, before) {
      const { real, text: now } = await look(file);
      if (now !== before) throw refuse(file, 'somebody has changed it in the meantime');
      await makeFolder(fs, path.dirname(real), 0o755);
      await replaceDurably(fs, real, Buffer.from(text), await modeOf(real));
    },
  };
}

async function modeOf(file: string): Promise<number> {
  try {
    return (await lstat(file)).mode & 0o777;
  } catch (error) {
    if (errno(error) === 'ENOENT') return 0o644;
    throw error;
  }
}
