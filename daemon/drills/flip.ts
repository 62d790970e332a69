import { randomInt } from 'node:crypto';
import { chmod, open, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { fail } from '../../contracts/errors.ts';

/** One bit of a copy that was changed on purpose. */
export interface Flipped {
  file: string;
  byte: number;
  /** 0 is the least significant. */
  bit: number;
}

/**
 * Flips one random bit, each of all the files' bits with the same chance, and keeps the file's times: only its content
 * tells.
 *
 * @throws DRILL_WORTHLESS when the files hold nothing.
 */
export async function flip(dir: string, names: readonly string[]): Promise<Flipped> {
  const sizes: number[] = [];
  for (const name of names) sizes.push((await stat(join(dir, name))).size);
  const total = sizes.reduce((sum, size) => sum + size, 0);
  if (total === 0) throw fail('DRILL_WORTHLESS', { why: 'there is not a byte to damage' });
  // randomInt is limited to 2^48 − 1: 256 TiB.
  let byte = randomInt(total);
  let index = 0;
  for (const size of sizes) {
    if (byte < size) break;
    byte -= size;
    index += 1;
  }
  const file = names[index] ?? '';
  const flipped = { file, byte, bit: randomInt(8) };
  await toggle(dir, flipped);
  return flipped;
}

/** Flips that very bit: once more and it is as before. */
export async function toggle(dir: string, { file, byte, bit }: Flipped): Promise<void> {
  // What was restored may be read-only, as restic's packs are.
  const { mode } = await stat(join(dir, file));
  await chmod(join(dir, file), mode | 0o600);
  const handle = await open(join(dir, file), 'r+');
  try {
    const { atime, mtime } = await handle.stat();
    const one = Buffer.alloc(1);
    await handle.read(one, 0, 1, byte);
    one[0] = (one[0] ?? 0) ^ (1 << bit);
    await handle.write(one, 0, 1, byte);
    await handle.utimes(atime, mtime);
  } finally {
    await handle.chmod(mode & 0o7777);
    await handle.close();
  }
}

const CHUNK = 1024 * 1024;

/** Flips one bit in every `stride` bytes of a file, so that nothing longer than that in it stays whole. */
export async function spoil(path: string, stride: number): Promise<void> {
  await chmod(path, 0o600);
  const handle = await open(path, 'r+');
  try {
    const buffer = Buffer.alloc(CHUNK - (CHUNK % stride));
    for (let at = 0; ; at += buffer.length) {
      const { bytesRead } = await handle.read(buffer, 0, buffer.length, at);
      if (bytesRead === 0) return;
      for (let i = 0; i < bytesRead; i += stride) buffer[i] = (buffer[i] ?? 0) ^ 1;
      await handle.write(buffer, 0, bytesRead, at);
    }
  } finally {
    await handle.close();
  }
}

export const flippedWords = ({ file, byte, bit }: Flipped): string => `bit ${bit} of byte ${byte} of ${file}`;
