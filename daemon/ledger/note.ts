import { verify, type KeyObject } from 'node:crypto';
import { sha256 } from '../digest.ts';
import { publicKeyFromRaw } from '../ed25519.ts';
import type { CheckpointSigner } from '../ports/keys.ts';
import { fromBase64, toBase64, type Hash } from './merkle.ts';

/*
 * Checkpoints: C2SP tlog-checkpoint text in a C2SP signed note (c2sp.org/tlog-checkpoint, c2sp.org/signed-note).
 *
 *   <origin>\n<size, decimal>\n<root, base64>\n
 *   \n
 *   — <key name> <base64(key hash, 4 bytes ‖ Ed25519 signature, 64 bytes)>\n
 */

export interface Checkpoint {
  origin: string;
  size: number;
  root: Hash;
}

/** A key that checkpoints are verified with. */
export interface VerifierKey {
  name: string;
  keyHash: string;
  key: KeyObject;
  raw: Buffer;
}

const ED25519 = 0x01;

/** SHA-256(name ‖ "\n" ‖ 0x01 ‖ key)[:4] as 8 hex digits. */
function keyHash(name: string, raw: Uint8Array): string {
  return sha256(Buffer.concat([Buffer.from(`${name}\n`), Buffer.from([ED25519]), raw]))
    .subarray(0, 4)
    .toString('hex');
}

/** C2SP vkey: `<name>+<key hash>+<base64(0x01 ‖ key)>`. */
export function formatVkey(name: string, raw: Uint8Array): string {
  return `${name}+${keyHash(name, raw)}+${Buffer.concat([Buffer.from([ED25519]), raw]).toString('base64')}`;
}

/** Undefined when the text is not an Ed25519 vkey whose hash fits. */
export function parseVkey(vkey: string): VerifierKey | undefined {
  const [, name, hash, data] = /^([^+\s]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/]+=*)$/.exec(vkey) ?? [];
  if (name === undefined || hash === undefined || data === undefined) return undefined;
  const bytes = Buffer.from(data, 'base64');
  if (bytes.length !== 33 || bytes[0] !== ED25519 || bytes.toString('base64') !== data) return undefined;
  const raw = bytes.subarray(1);
  if (keyHash(name, raw) !== hash) return undefined;
  return {
    name,
    keyHash: hash,
    raw,
    key: publicKeyFromRaw(raw),
  };
}

export function signCheckpoint(signer: CheckpointSigner, size: number, root: Hash): string {
  const text = `${signer.origin}\n${size}\n${toBase64(root)}\n`;
  const signature = signer.sign(Buffer.from(text));
  const line = Buffer.concat([Buffer.from(keyHash(signer.origin, signer.publicKey), 'hex'), signature]);
  return `${text}\n— ${signer.origin} ${line.toString('base64')}\n`;
}

/** Reads the three lines without looking at signatures. Undefined when malformed. */
export function parseCheckpoint(note: string): Checkpoint | undefined {
  const [, origin, digits, base64] =
    /^([^\n]+)\n(0|[1-9][0-9]{0,15})\n([^\n]+)\n\n(?:— [^\n]+\n)+$/.exec(note) ?? [];
  if (origin === undefined || digits === undefined || base64 === undefined) return undefined;
  const size = Number(digits);
  const root = fromBase64(base64);
  return root === undefined || !Number.isSafeInteger(size) ? undefined : { origin, size, root };
}

/** What a note says once one of `keys` has signed it, or why it cannot be believed. */
export function verifyCheckpoint(note: string, keys: readonly VerifierKey[]): Checkpoint | { why: string } {
  const checkpoint = parseCheckpoint(note);
  if (checkpoint === undefined) return { why: 'it is not a signed checkpoint' };
  const split = note.indexOf('\n\n');
  const text = Buffer.from(note.slice(0, split + 1));
  let known = false;
  for (const line of note.slice(split + 2).split('\n')) {
    const [, name, data] = /^— ([^ ]+) ([A-Za-z0-9+/]+=*)$/.exec(line) ?? [];
    if (name === undefined || data === undefined) continue;
    const bytes = Buffer.from(data, 'base64');
    // One text for one signature: stray bits in the last digit are not overlooked.
    if (bytes.toString('base64') !== data) continue;
    const hash = bytes.subarray(0, 4).toString('hex');
    for (const key of keys.filter((k) => k.name === name && k.keyHash === hash)) {
      known = true;
      if (bytes.length === 68 && verify(null, text, key.key, bytes.subarray(4)))
        return checkpoint.origin === key.name ? checkpoint : { why: `it names the log ${checkpoint.origin}` };
    }
  }
  return { why: known ? 'its signature is wrong' : 'no key that is trusted here has signed it' };
}
