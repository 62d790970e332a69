import { writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Block, Reply } from '../contracts/reply.ts';
import { harmless } from './io/harmless.ts';
import { open } from './io/http.ts';
import { socketPath } from './io/home.ts';
import { Problem, usage } from './io/problem.ts';
import { bytes } from './io/units.ts';
import type { Context } from './run.ts';

type FileBlock = Extract<Block, { type: 'file' }>;

/** Saves the reply's first file where `--output` says; an existing file is not overwritten. */
export async function saveFile(context: Context, reply: Reply, target: string): Promise<void> {
  const file = reply.blocks.find((b) => b.type === 'file');
  const code = reply.blocks.find((b) => b.type === 'code');
  const text = file?.text ?? (file === undefined ? code?.text : undefined);
  const data = text === undefined ? await download(context, file) : Buffer.from(text);
  try {
    writeFileSync(target, data, { flag: 'wx' });
  } catch (error) {
    const exists = error instanceof Error && 'code' in error && error.code === 'EEXIST';
    const why = exists ? 'it is there already' : error instanceof Error ? error.message : String(error);
    throw usage(`${target} cannot be written: ${why}`, 'Name another file with --output.');
  }
  const { terminal } = context;
  if (!terminal.globals.quiet)
    terminal.err(
      `${terminal.style('green', '✓', 'err')} saved ${harmless(resolve(target))} (${bytes(data.length)})`,
    );
}

async function download(context: Context, file: FileBlock | undefined): Promise<Buffer> {
  const digest = file?.artifact?.digest;
  if (digest === undefined) throw usage('this answer has no file', 'Leave out --output.');
  const path = socketPath(context.home);
  const stream = await open(path, { path: `/v1/artifacts/${encodeURIComponent(digest)}`, timeout: 60_000 });
  const chunks: Buffer[] = [];
  for await (const chunk of stream.body) chunks.push(chunk);
  stream.close();
  const data = Buffer.concat(chunks);
  if (stream.status !== 200) {
    const { refusedBy } = await import('./answer.ts');
    let value: unknown;
    try {
      value = JSON.parse(data.toString('utf8'));
    } catch {
      value = undefined;
    }
    throw refusedBy(path, stream.status, value) ?? new Problem('ARTIFACT_NOT_FOUND', { digest });
  }
  const { createHash } = await import('node:crypto');
  if (`sha256:${createHash('sha256').update(data).digest('hex')}` !== digest)
    throw new Problem('ARTIFACT_CORRUPT', { digest });
  return data;
}
