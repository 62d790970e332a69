import { crc32 } from 'node:zlib';
import type { FileHandle } from '../../ports/fs.ts';

/*
 * A line is `<crc32 of the JSON, 8 hex digits> <JSON>\n`. JSON has no line break of its own.
 */

const CHUNK = 256 * 1024;
const HEAD = 9;

export const lineOf = (json: string): Buffer => {
  const body = Buffer.from(json);
  return Buffer.concat([Buffer.from(`${hex(crc32(body))} `), body, Buffer.from('\n')]);
};
const hex = (n: number): string => n.toString(16).padStart(8, '0');

export interface Line {
  /** Undefined: it does not say what was written. */
  json: string | undefined;
  crc: number;
  offset: number;
  /** With its line break. */
  length: number;
}

/** The line that was written there; undefined where it is damaged. `raw` with its line break. */
export function readLine(raw: Buffer): { json: string; crc: number } | undefined {
  if (raw.length <= HEAD || raw.at(-1) !== 10 || raw[HEAD - 1] !== 32) return undefined;
  const body = raw.subarray(HEAD, -1);
  const crc = crc32(body);
  return raw.toString('latin1', 0, HEAD - 1) === hex(crc) ? { json: body.toString('utf8'), crc } : undefined;
}

/** Every whole line, in a bounded memory; what follows the last line break is none. */
export async function* linesIn(file: Pick<FileHandle, 'read'>): AsyncGenerator<Line> {
  let offset = 0;
  let rest = Buffer.alloc(0);
  const chunk = Buffer.alloc(CHUNK);
  for (;;) {
    const got = await file.read(chunk, offset + rest.length);
    if (got === 0) return;
    const data = Buffer.concat([rest, chunk.subarray(0, got)]);
    let from = 0;
    for (let end = data.indexOf(10, from); end >= 0; end = data.indexOf(10, from)) {
      const raw = data.subarray(from, end + 1);
      const read = readLine(raw);
      yield { json: read?.json, crc: read?.crc ?? 0, offset: offset + from, length: raw.length };
      from = end + 1;
    }
    offset += from;
    rest = Buffer.from(data.subarray(from));
  }
}
