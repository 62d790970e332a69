import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { z } from 'zod';
import { Slug } from '../../../contracts/ids.ts';
import { Millis } from '../../../contracts/json.ts';
import { fail } from '../../../contracts/errors.ts';
import { errno } from '../../durable.ts';
import type { DriverContext, DriverDeps, SentinelMark } from '../driver.ts';
import { absolute } from '../options.ts';

/** What stands in a sentinel's file: one line. */
export const FileMark = z.strictObject({ sentinel: Slug, uuid: z.uuid(), at: Millis });

const MARK = '.reeve-sentinel-';
export const markName = (name: string): string => MARK + name;
/** Written again and again, also while a backup runs: what is in it is proven by its own id. */
export const isMark = (path: string): boolean => basename(path).startsWith(MARK);

/** The mark in a restored tree; null when it has none. @throws SENTINEL_MISSING when it cannot be read */
export async function fileMark(
  deps: Pick<DriverDeps, 'sentinels'>,
  { root }: Pick<DriverContext, 'root'>,
  name: string,
  data: string,
): Promise<SentinelMark | null> {
  const spec = deps.sentinels.spec(name);
  if (spec.kind !== 'files')
    throw fail('SENTINEL_MISSING', { sentinel: name, why: `it is of the kind ${spec.kind}, not files` });
  return readMark(join(data, absolute(root, spec.folder), markName(name)), name);
}

export async function readMark(path: string, name: string): Promise<SentinelMark | null> {
  try {
    const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    try {
      const { buffer, bytesRead } = await file.read(Buffer.alloc(1024), 0, 1024, 0);
      const mark = FileMark.parse(JSON.parse(buffer.toString('utf8', 0, bytesRead)));
      return mark.sentinel === name ? { uuid: mark.uuid, at: mark.at } : null;
    } finally {
      await file.close();
    }
  } catch (error) {
    if (errno(error) === 'ENOENT') return null;
    throw fail('SENTINEL_MISSING', { sentinel: name, why: 'its file cannot be read' }, { cause: error });
  }
}
