import { constants } from 'node:fs';
import { open } from 'node:fs/promises';

/** Bytes that one step may hand on. */
export const MAX_OUTPUTS = 64 * 1024;
const NAME = /^[a-z][a-z0-9_]{0,40}$/;

/** What is wrong with a step's outputs, for people. */
export class BadOutputs extends Error {}

/**
 * Reads `$REEVE_OUTPUT`: `name=value` lines, or `name<<END`, lines, `END` for a value of several lines. The last one of
 * a name counts. @throws {BadOutputs}
 */
export async function readOutputs(path: string): Promise<Record<string, string>> {
  return parseOutputs(await bytesOf(path));
}

async function bytesOf(path: string): Promise<Buffer> {
  let file;
  try {
    // O_NONBLOCK: a named pipe in its place must not hold the daemon up.
    file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (error) {
    throw new BadOutputs('the file $REEVE_OUTPUT is gone or was replaced', { cause: error });
  }
  try {
    const stat = await file.stat();
    if (!stat.isFile()) throw new BadOutputs('$REEVE_OUTPUT is no longer a plain file');
    const into = Buffer.alloc(MAX_OUTPUTS + 1);
    let size = 0;
    while (size < into.length) {
      const { bytesRead } = await file.read(into, size, into.length - size, size);
      if (bytesRead === 0) break;
      size += bytesRead;
    }
    if (size > MAX_OUTPUTS) throw new BadOutputs(`there are more than ${MAX_OUTPUTS} bytes`);
    return into.subarray(0, size);
  } finally {
    await file.close();
  }
}

export function parseOutputs(bytes: Uint8Array): Record<string, string> {
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (error) {
    throw new BadOutputs('it is not UTF-8', { cause: error });
  }
  if (text.includes('\0')) throw new BadOutputs('it holds a NUL');
  const outputs: Record<string, string> = {};
  const lines = text.split('\n');
  for (let i = 0; i < lines.length; i++) {
    const line = (lines[i] ?? '').replace(/\r$/, '');
    if (line.trim() === '') continue;
    const [, name = '', sign = '', rest = ''] = /^([^=<]*)(=|<<)(.*)$/.exec(line) ?? [];
    if (sign === '') throw new BadOutputs(`line ${i + 1} is no name=value`);
    if (!NAME.test(name)) throw new BadOutputs(`line ${i + 1}: a name is lower-case letters, digits and _`);
    if (sign === '=') {
      outputs[name] = rest;
      continue;
    }
    const end = lines.indexOf(rest, i + 1);
    if (rest === '' || end < 0) throw new BadOutputs(`line ${i + 1}: ${name}<<${rest} has no end`);
    outputs[name] = lines.slice(i + 1, end).join('\n');
    i = end;
  }
  return outputs;
}
