import type { Ledger } from '../ports/ledger.ts';
import type { TimelineEntry } from '../ports/incidents.ts';
import { lineOf, type Subject } from './lines.ts';
import type { IncidentRow } from './state.ts';

/** Entries of one timeline. */
export const MAX_ENTRIES = 2000;
/** Records that are read for one: at a million a second, what a person waits for. */
const MAX_READ = 2_000_000;

/** Everything the ledger says about an incident, oldest first, from the trouble's first record to its own newest. */
export async function timelineOf(
  ledger: Pick<Ledger, 'read' | 'settled'>,
  row: IncidentRow,
  to = row.last,
): Promise<TimelineEntry[]> {
  await ledger.settled();
  const { id, cause, project, probe, job } = row.body;
  const about: Subject = {
    id,
    cause,
    project,
    probe,
    jobs: new Map(job === undefined ? [] : [[job, 'The job']]),
    rules: new Set(),
    verified: '',
    raises: new Set(),
  };
  // A job that was linked later may have run before; what it was stands on the record of the link.
  for (const link of row.links) if (link.job !== undefined) about.jobs.set(link.job, 'Linked');
  const entries: TimelineEntry[] = [];
  const end = Math.min(to, row.from + MAX_READ);
  let at = row.opened;
  for await (const record of ledger.read(row.from)) {
    if (record.seq > end) break;
    at = record.ts;
    const entry = lineOf(record, about);
    if (entry === undefined) continue;
    if (entries.length >= MAX_ENTRIES - 1)
      return [...entries, { at, kind: 'more', text: 'Further records are left out.', seq: record.seq }];
    entries.push(entry);
  }
  if (to > end) entries.push({ at, kind: 'more', text: 'Later records are left out.', seq: end });
  return entries;
}
