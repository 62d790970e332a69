import { nodeFs } from '../fs.ts';
import type { Fs } from '../ports/fs.ts';
import { EMPTY_ROOT, toHex } from './merkle.ts';
import { inclusionProof } from './proof.ts';
import { listSegments } from './segments.ts';

/** Root (64 hex digits) of the first `size` records of a ledger folder, hashed anew from its lines. @throws LEDGER_… */
export async function rootAt(dir: string, size: number, fs: Fs = nodeFs): Promise<string> {
  if (size === 0) return toHex(EMPTY_ROOT);
  const { root } = await inclusionProof(fs, await listSegments(fs, dir), 0, size);
  return toHex(root);
}
