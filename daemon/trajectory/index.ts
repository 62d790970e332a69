import path from 'node:path';
import { TrajectoryLine } from '../../contracts/trajectory.ts';
import { errno, makeFolder, readWhole, replaceDurably, writeAll } from '../durable.ts';
import type { Clock } from '../ports/clock.ts';
import type { Fs } from '../ports/fs.ts';
import type { Trajectory } from '../ports/trajectory.ts';
import { block, cut, oneLine } from '../text.ts';
import { iso } from '../time.ts';
import {
  NEW_NOTES,
  addLine,
  markdownLine,
  markdownLines,
  markdownParser,
  replaceBlock,
  type Section,
} from './notes.ts';

export interface TrajectoryDeps {
  fs: Fs;
  clock: Clock;
  /** The estate's root now. */
  root: () => string;
  /** The zones: the real path a write reaches, or a refusal. */
  checkWrite(file: string): Promise<string>;
  /** Removes secrets. */
  redact(text: string): string;
  warn(message: string, fields: Record<string, unknown>): void;
}

export interface LiveTrajectory extends Trajectory {
  /** For /readyz: whether the last write worked. */
  health(): { ok: true } | { ok: false; why: string };
  /** Resolves when everything handed over so far is written (or has failed). */
  flush(): Promise<void>;
}

const TRAJECTORY_FOLDER = 'grimoires/loa/a2a/trajectory';
const NOTES_FILE = 'grimoires/loa/NOTES.md';
/** Files in a working copy, for everybody who may read it. */
const FILE_MODE = 0o644;
const FOLDER_MODE = 0o755;

/**
 * The state zone's files. They tell people and agents what happened; the ledger is what counts, so nothing here is ever
 * allowed to fail the work it describes: a failure is logged, and `health` says so until a write works again.
 */
export function openTrajectory(deps: TrajectoryDeps): LiveTrajectory {
  const { fs, clock, redact } = deps;
  let tail: Promise<void> = Promise.resolve();
  let trouble: string | undefined;
  let waiting: { agent: string; day: string; line: string }[] = [];
  let batch: Promise<void> | undefined;

  /** In order, one after the other; never rejects. */
  const queue = (what: string, work: () => Promise<void>): Promise<void> => {
    tail = tail.then(work).then(
      () => {
        trouble = undefined;
      },
      (error: unknown) => failed(what, error),
    );
    return tail;
  };
  const failed = (what: string, error: unknown): void => {
    trouble = `${what}: ${error instanceof Error ? error.message : String(error)}`;
    deps.warn('the state zone could not be written', { what, error });
  };

  async function writeBatch(): Promise<void> {
    batch = undefined;
    const lines = waiting;
    waiting = [];
    const files = new Map<string, string>();
    for (const { agent, day, line } of lines) {
      const name = `${agent}-${day}.jsonl`;
      files.set(name, `${files.get(name) ?? ''}${line}\n`);
    }
    for (const [name, text] of files) {
      const file = await deps.checkWrite(path.join(deps.root(), TRAJECTORY_FOLDER, name));
      const handle = await fs.open(file, 'a', FILE_MODE).catch(async (error: unknown) => {
        if (errno(error) !== 'ENOENT') throw error;
        await makeFolder(fs, path.dirname(file), FOLDER_MODE);
        return fs.open(file, 'a', FILE_MODE);
      });
      try {
        await writeAll(handle, Buffer.from(text));
      } finally {
        await handle.close();
      }
    }
  }

  /** NOTES.md as it was left, and what stands in it as blockers. */
  let left: Uint8Array | undefined;
  let blocked: string | undefined;

  /** `there`: what is to be written stands in the file as it was left. `wrote`: now it does. */
  const editNotes = (
    edit: (text: string, parse: Awaited<ReturnType<typeof markdownParser>>) => string,
    { there = () => false, wrote = () => {} }: { there?: () => boolean; wrote?: () => void } = {},
  ) =>
    queue('NOTES.md', async () => {
      const file = await deps.checkWrite(path.join(deps.root(), NOTES_FILE));
      for (let attempt = 0; attempt < 5; attempt++) {
        const before = await readWhole(fs, file);
        // Whoever else wrote may have taken the blockers out.
        if (left === undefined || before?.equals(left) !== true) blocked = undefined;
        if (there()) return;
        const parse = await markdownParser();
        const after = edit(before?.toString('utf8') ?? NEW_NOTES, parse);
        // Somebody saved it meanwhile: their text counts, so start from that.
        const again = await readWhole(fs, file);
        if (before === undefined ? again !== undefined : again?.equals(before) !== true) continue;
        if (before === undefined) await makeFolder(fs, path.dirname(file), FOLDER_MODE);
        const mode = before === undefined ? FILE_MODE : (await fs.lstat(file)).mode & 0o777;
        await replaceDurably(fs, file, Buffer.from(after), mode);
        left = Buffer.from(after);
        wrote();
        return;
      }
      throw new Error('it changes all the time');
    });

  const dated = (section: Section, text: string): Promise<void> => {
    const at = iso(clock.now());
    return editNotes((notes, parse) => addLine(notes, section, at, redact(text), parse));
  };

  return {
    async step(given) {
      let line: TrajectoryLine;
      const timestamp = iso(clock.now());
      try {
        line = TrajectoryLine.parse({ timestamp, ...clean(given, redact) });
      } catch (error) {
        failed('a trajectory line is invalid', error);
        return;
      }
      waiting.push({ agent: line.agent, day: timestamp.slice(0, 10), line: JSON.stringify(line) });
      // What is said while a write is under way goes out together with the next one.
      batch ??= queue('trajectory', writeBatch);
      await batch;
    },
    decision: (text) => dated('Decision Log', text),
    debt: (text) => dated('Technical Debt', text),
    continuity(text) {
      const head = `_${iso(clock.now())}_`;
      const lines = [head, '', ...markdownLines(redact(text))];
      return editNotes((notes, parse) => replaceBlock(notes, 'Session Continuity', lines, parse));
    },
    blockers(all) {
      const lines = all.length === 0 ? ['None.'] : all.map((line) => `- ${markdownLine(redact(line))}`);
      const text = lines.join('\n');
      return editNotes((notes, parse) => replaceBlock(notes, 'Blockers', lines, parse), {
        there: () => blocked === text,
        wrote: () => void (blocked = text),
      });
    },
    health: () => (trouble === undefined ? { ok: true } : { ok: false, why: trouble }),
    flush: () => tail,
  };
}

/** Redacted, harmless and within the schema's lengths. A quote keeps its line ends, which JSON escapes. */
function clean(
  line: Omit<TrajectoryLine, 'timestamp'>,
  redact: (text: string) => string,
): Omit<TrajectoryLine, 'timestamp'> {
  const words = (text: string, max: number): string => cut(oneLine(redact(text), max * 2), max);
  const { grounding } = line;
  return {
    agent: line.agent,
    action: words(line.action, 200),
    reasoning: words(line.reasoning, 1000),
    grounding:
      'assumption' in grounding
        ? { ...grounding, ...(grounding.note === undefined ? {} : { note: words(grounding.note, 500) }) }
        : {
            ...grounding,
            source: words(grounding.source, 400),
            quote: cut(block(redact(grounding.quote), 1000), 500),
          },
  };
}
