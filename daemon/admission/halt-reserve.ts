import { z } from 'zod';
import { Scope } from '../../contracts/records/admin.ts';
import type { FileHandle, Fs } from '../ports/fs.ts';

const Kept = z.array(
  z.strictObject({ scope: Scope, since: z.int().min(0), by: z.string(), reason: z.string() }),
);
type Kept = z.infer<typeof Kept>;

/** Bytes kept on disk from the first start, so that a halt survives a restart although the disk is full. */
const SIZE = 16 * 1024;

/** Halts that could not be put into the ledger. */
export interface HaltReserve {
  load(): Promise<Kept>;
  /** Overwrites the preallocated bytes in place and syncs them: needs no free space. */
  save(halts: Kept): Promise<void>;
  close(): Promise<void>;
}

/** Opens or makes the reserve at `path`; syscalls: open, write × SIZE, fdatasync; then pwrite + fdatasync per save. */
export async function openHaltReserve(fs: Fs, path: string): Promise<HaltReserve> {
  let handle: FileHandle;
  try {
    handle = await fs.open(path, 'r+');
  } catch {
    const fresh = await fs.open(path, 'wx', 0o600);
    await writeAll(fresh, block([]));
    await fresh.datasync();
    await fresh.close();
    handle = await fs.open(path, 'r+');
  }
  return {
    async load() {
      const bytes = new Uint8Array(SIZE);
      const n = await handle.read(bytes, 0);
      const text = Buffer.from(bytes.subarray(0, n)).toString('utf8').trim();
      if (text === '') return [];
      return Kept.parse(JSON.parse(text));
    },
    async save(halts) {
      const again = await fs.open(path, 'r+');
      try {
        await writeAll(again, block(halts));
        await again.datasync();
      } finally {
        await again.close();
      }
    },
    close: () => handle.close(),
  };
}

function block(halts: Kept): Uint8Array {
  let kept = halts;
  let text = JSON.stringify(kept);
  // Long reasons give way before a halt does.
  if (Buffer.byteLength(text) > SIZE) kept = halts.map((h) => ({ ...h, reason: h.reason.slice(0, 40) }));
  text = JSON.stringify(kept.slice(0, 100));
  return Buffer.from(text.padEnd(SIZE - (Buffer.byteLength(text) - text.length), ' '));
}

async function writeAll(handle: FileHandle, bytes: Uint8Array): Promise<void> {
  for (let done = 0; done < bytes.length;) done += await handle.write(bytes.subarray(done));
}
