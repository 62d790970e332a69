import { join } from 'node:path';
import { lstat } from 'node:fs/promises';
import type { SentinelSpec } from '../../../contracts/estate/drills.ts';
import { replaceDurably } from '../../durable.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Fs } from '../../ports/fs.ts';
import type { SentinelMark } from '../driver.ts';
import { markName } from '../files/mark.ts';
import { absolute } from '../options.ts';

export interface WriteContext {
  fs: Fs;
  clock: Clock;
  /** Root of the estate. */
  root: string;
  secret(name: string): Promise<string>;
  signal: AbortSignal;
}

type Writer<K extends SentinelSpec['kind']> = (
  spec: Extract<SentinelSpec, { kind: K }>,
  name: string,
  mark: SentinelMark,
  context: WriteContext,
) => Promise<void>;

/** The folder must be there: one that is not mounted is not to be filled. */
const files: Writer<'files'> = async (spec, name, mark, { fs, root }) => {
  const folder = absolute(root, spec.folder);
  if (!(await lstat(folder)).isDirectory()) throw new Error(`${folder} is no folder`);
  const text = `${JSON.stringify({ sentinel: name, ...mark })}\n`;
  await replaceDurably(fs, join(folder, markName(name)), Buffer.from(text), 0o644);
};

/** Writes a mark into live data. Each kind is loaded when it is first used. */
export async function writeMark(
  spec: SentinelSpec,
  name: string,
  mark: SentinelMark,
  context: WriteContext,
): Promise<void> {
  switch (spec.kind) {
    case 'files':
      return files(spec, name, mark, context);
    case 'sqlite':
      return (await import('../sqlite/mark.ts')).writeSqliteMark(spec, name, mark, context);
    case 'postgres':
      return (await import('../postgres/mark.ts')).writePostgresMark(spec, name, mark, context);
  }
}
