import { join } from 'node:path';
import { z } from 'zod';
import { fail } from '../../../contracts/errors.ts';
import type { SentinelSpec } from '../../../contracts/estate/drills.ts';
import { Millis } from '../../../contracts/json.ts';
import { appendDurably, makeFolder, readWhole, replaceDurably } from '../../durable.ts';
import type { Fs } from '../../ports/fs.ts';
import type { SentinelMark, SentinelMemory } from '../driver.ts';

/*
 * Marks stand in one small file each, not in the ledger: one a minute would be half a million records a year that prove
 * nothing by themselves. What must be proven is which mark was the newest when a drill cut, and that is a ledger record
 * (drill.cut). The file is only for telling a mark that was written here from one that was not.
 */

/** A week of minutes; the file holds at most twice as many. */
export const REMEMBERED = 10_080;
const Line = z.strictObject({ at: Millis, uuid: z.uuid() });

export interface Remembering extends SentinelMemory {
  /** Durable when it resolves, and before the mark is written: a mark that is found must be known. */
  remember(name: string, mark: SentinelMark): Promise<void>;
  /** It stands in the live data. */
  written(name: string, mark: SentinelMark): void;
}

export function sentinelMemory(deps: {
  fs: Fs;
  /** Folder of the files, one a sentinel. */
  dir: string;
  specs(): Readonly<Record<string, SentinelSpec>>;
  /** At most so many are kept for sure. */
  keep?: number;
}): Remembering {
  const { fs, dir, keep = REMEMBERED } = deps;
  const written = new Map<string, SentinelMark>();
  const lines = new Map<string, number>();
  const file = (name: string): string => join(dir, `${name}.jsonl`);

  const all = async (name: string): Promise<SentinelMark[]> => {
    const text = (await readWhole(fs, file(name)))?.toString('utf8') ?? '';
    return text.split('\n').flatMap((line) => markOf(line) ?? []);
  };
  return {
    spec(name) {
      const specs = deps.specs();
      const spec = Object.hasOwn(specs, name) ? specs[name] : undefined;
      if (spec !== undefined) return spec;
      throw fail('SENTINEL_UNKNOWN', { sentinel: name, known: Object.keys(specs).join(', ') || 'none' });
    },
    async newest(name) {
      this.spec(name);
      // After a restart the last one remembered is the best guess until the next is written.
      return written.get(name) ?? (await all(name)).at(-1) ?? null;
    },
    async known(name, { uuid, at }) {
      const marks = await all(name);
      if (marks.some((mark) => mark.uuid === uuid && mark.at === at)) return 'yes';
      const oldest = marks[0];
      return oldest !== undefined && at < oldest.at && marks.length >= keep ? 'older' : 'no';
    },
    async remember(name, mark) {
      let count = lines.get(name);
      if (count === undefined) {
        await makeFolder(fs, dir);
        count = (await all(name)).length;
      }
      const line = (one: SentinelMark): string => `${JSON.stringify({ at: one.at, uuid: one.uuid })}\n`;
      if (count >= 2 * keep) {
        const kept = [...(await all(name)).slice(1 - keep), mark];
        await replaceDurably(fs, file(name), Buffer.from(kept.map(line).join('')));
        lines.set(name, kept.length);
        return;
      }
      const handle = await fs.open(file(name), 'a', 0o600);
      try {
        // A line that a crash cut off ends here, so that this one stays whole.
        await appendDurably(handle, Buffer.from(`${lines.has(name) ? '' : '\n'}${line(mark)}`));
      } finally {
        await handle.close();
      }
      lines.set(name, count + 1);
    },
    written: (name, mark) => void written.set(name, mark),
  };
}

function markOf(line: string): SentinelMark | undefined {
  if (line === '') return undefined;
  try {
    return Line.safeParse(JSON.parse(line)).data;
  } catch {
    return undefined;
  }
}
