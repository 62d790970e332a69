import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { z } from 'zod';
import { createDurably, errno, makeFolder, readWhole, removeDurably } from '../durable.ts';
import type { Fs } from '../ports/fs.ts';

/** What a drill makes outside of its scratch folder, written down before it is made, so that a crash leaves nothing unknown. */
export const Leftover = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('database'),
    /** Secret with the URL of the server. */
    server: z.string(),
    database: z.string(),
    prefix: z.string(),
    /** Name of the live database, which is never removed. */
    live: z.string(),
  }),
  z.strictObject({
    kind: z.literal('server'),
    /** Its files, in the scratch of an attempt. */
    data: z.string(),
    /** Folder of its socket: the path into a scratch would be too long for one. */
    sockets: z.string(),
  }),
]);
export type Leftover = z.infer<typeof Leftover>;

export interface Leftovers {
  /** Durable when it resolves; the returned function forgets it again. */
  note(leftover: Leftover): Promise<() => Promise<void>>;
  /** Those of earlier runs of the daemon, or that could not be removed. */
  open(): Promise<{ leftover: Leftover; forget(): Promise<void> }[]>;
}

export function leftoversIn(fs: Fs, dir: string): Leftovers {
  /** Of drills that run now. */
  const mine = new Set<string>();
  const forget = async (name: string): Promise<void> => {
    mine.delete(name);
    await removeDurably(fs, join(dir, name));
  };
  return {
    async note(leftover) {
      const name = `${randomBytes(8).toString('hex')}.json`;
      await makeFolder(fs, dir);
      mine.add(name);
      await createDurably(fs, join(dir, name), Buffer.from(`${JSON.stringify(leftover)}\n`));
      return () => forget(name);
    },
    async open() {
      const names = await fs.readdir(dir).catch((error: unknown) => {
        if (errno(error) === 'ENOENT') return [];
        throw error;
      });
      const found = [];
      for (const name of names.filter((one) => one.endsWith('.json') && !mine.has(one)).sort()) {
        const leftover = parse(await readWhole(fs, join(dir, name), 64 * 1024));
        // One that a crash cut off was never acted upon.
        if (leftover === undefined) await forget(name);
        else found.push({ leftover, forget: () => forget(name) });
      }
      return found;
    },
  };
}

function parse(bytes: Buffer | undefined): Leftover | undefined {
  try {
    return Leftover.safeParse(JSON.parse(bytes?.toString('utf8') ?? '')).data;
  } catch {
    return undefined;
  }
}
