import { sha256 } from '../../digest.ts';

/** The same text, the same UUID (RFC 9562 version 4 by its form, which Linear asks for): what was created once stays one. */
export function uuidOf(...parts: readonly string[]): string {
  const bytes = sha256(parts.join('\n')).subarray(0, 16);
  bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | 0x40, 6);
  bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8);
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}
