import path from 'node:path';
import { digestOf } from '../digest.ts';
import { errno, makeFolder, replaceDurably } from '../durable.ts';
import { own } from '../own.ts';
import type { Artifacts } from '../ports/artifacts.ts';
import type { Config } from '../ports/config.ts';
import type { Fs } from '../ports/fs.ts';
import type { Jobs, JobView } from '../ports/jobs.ts';
import type { Ledger } from '../ports/ledger.ts';
import type { IncidentView } from '../ports/incidents.ts';
import { iso } from '../time.ts';
import { ifStill, still, type IncidentBook } from './book.ts';
import { postmortemOf } from './postmortem.ts';
import type { IncidentRow } from './state.ts';
import { timelineOf } from './timeline.ts';
import { viewOf } from './views.ts';

export interface DraftDeps {
  ledger: Pick<Ledger, 'append' | 'read' | 'settled'>;
  book: IncidentBook;
  config: Pick<Config, 'current'>;
  fs: Fs;
  artifacts: Pick<Artifacts, 'put'>;
  jobs: Pick<Jobs, 'get'>;
  /** Rejects ZONE_REFUSED; the real path otherwise. */
  checkWrite(file: string): Promise<string>;
  /** Of the ledger. */
  origin: string;
  warn(what: string, error: unknown): void;
}

/** More than any postmortem has. */
const MAX_FILE = 8 * 1024 * 1024;

/** The postmortem as the ledger tells it up to a record. */
export async function renderPostmortem(deps: DraftDeps, row: IncidentRow, to?: number): Promise<string> {
  const incident = viewOf(row);
  const timeline = await timelineOf(deps.ledger, row, to);
  const named = [incident.job, ...incident.links.map(({ job }) => job)].filter((id) => id !== undefined);
  const jobs = new Map<string, JobView>();
  for (const id of named) {
    const found = await deps.jobs.get(id).catch(() => undefined);
    if (found !== undefined) jobs.set(id, found);
  }
  return postmortemOf({ incident, timeline, jobs, origin: deps.origin });
}

/**
 * Writes the postmortem of a resolved incident (the draft) or a reviewed one (final): file, artifact, record. Doing it again
 * writes the same. A file that a person has edited is left alone, and the new one stands beside it.
 */
export async function draftPostmortem(deps: DraftDeps, id: string): Promise<void> {
  const { book, ledger, artifacts } = deps;
  const row = structuredClone(book.row(id));
  const seq = row.review?.seq ?? row.resolved?.seq;
  if (seq === undefined || row.drafted) return;
  const final = row.review !== null;
  const text = Buffer.from(await renderPostmortem(deps, row, seq));
  const artifact = await artifacts.put(text, {
    mediaType: 'text/markdown',
    name: `postmortem-${id}${final ? '' : '-draft'}.md`,
  });
  const file = await write(deps, row, text).catch((error: unknown) => {
    // The artifact has it; that the project's folder does not is said, and stands in the record.
    deps.warn(`the postmortem of ${id} in its project`, error);
    return null;
  });
  const guard = (): void => {
    const now = book.row(id);
    still((now.review?.seq ?? now.resolved?.seq) === seq && !now.drafted);
  };
  await ifStill(ledger.append('incident.postmortem', { id, artifact, path: file, final }, { guard }));
}

/** Returns the path relative to the estate. */
async function write(deps: DraftDeps, row: IncidentRow, text: Uint8Array): Promise<string> {
  const { fs, config } = deps;
  const { root, config: estate } = config.current();
  const { project } = row.body;
  const folder = path.join(own(estate.projects, project)?.path ?? '.', estate.incidents.postmortems);
  const name = nameOf(viewOf(row));
  const before = row.postmortem;
  for (const ending of ['', '-new', ...Array.from({ length: 98 }, (_, i) => `-new-${i + 2}`)]) {
    const relative = path.join(folder, `${name}${ending}.md`);
    const file = await deps.checkWrite(path.join(root, relative));
    const there = await digestAt(fs, file);
    // What we wrote ourselves, or a crash left before its record, may be replaced.
    const ours = there === undefined || there === before?.artifact.digest || there === digestOf(text);
    if (!ours) continue;
    await makeFolder(fs, path.dirname(file), 0o755);
    await replaceDurably(fs, file, text, 0o644);
    return relative;
  }
  throw new Error(`there is no free name for ${name} in ${folder}`);
}

const nameOf = ({ id, opened_at, title }: IncidentView): string => {
  const words = title
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-+|-+$/g, '')
    .slice(0, 40)
    .replace(/-+$/, '');
  return [iso(opened_at).slice(0, 10), id.slice(4), ...(words === '' ? [] : [words])].join('-');
};

async function digestAt(fs: Fs, file: string): Promise<string | undefined> {
  try {
    const handle = await fs.open(file, 'r');
    try {
      const { size } = await handle.stat();
      if (size > MAX_FILE) return 'too large to be ours';
      const bytes = Buffer.alloc(size);
      let done = 0;
      for (let read = -1; read !== 0 && done < size; done += read)
        read = await handle.read(bytes.subarray(done), done);
      return digestOf(bytes.subarray(0, done));
    } finally {
      await handle.close();
    }
  } catch (error) {
    if (errno(error) === 'ENOENT') return undefined;
    throw error;
  }
}
