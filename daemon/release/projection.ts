import type { LedgerRecord, RecordBody } from '../../contracts/record.ts';
import type { Projection } from '../ports/state.ts';

const MAX_RELEASES = 100;

export type ReleaseEntry = RecordBody<'release.cut'> & {
  at: number;
  /** Every job that worked on it: one that was stopped is gone on with by another. */
  jobs: string[];
  pushed?: { address: string; branch: string };
  /** The message that people are about to get. */
  announcing?: { job: string; title: string };
  announced?: true;
};

/** Project → its newest releases, the newest last. */
export type ReleasesState = Record<string, ReleaseEntry[]>;

export const releasesProjection: Projection<ReleasesState> = {
  name: 'releases',
  version: 3,
  initial: () => ({}),
  apply(state, record) {
    switch (record.type) {
      case 'release.cut': {
        const { project } = record.body;
        const entry = { ...record.body, at: record.ts, jobs: [record.body.job] };
        state[project] = [...(state[project] ?? []), entry].slice(-MAX_RELEASES);
        break;
      }
      case 'release.pushing': {
        const entry = newest(state, record.body);
        if (entry !== undefined && !entry.jobs.includes(record.body.job)) entry.jobs.push(record.body.job);
        break;
      }
      case 'release.pushed': {
        const { remote: address, branch, commit } = record.body;
        const entry = newest(state, record.body);
        if (entry?.commit === commit) entry.pushed = { address, branch };
        break;
      }
      case 'release.announcing': {
        const { job, title } = record.body;
        const entry = newest(state, record.body);
        if (entry !== undefined) entry.announcing = { job, title };
        break;
      }
      case 'release.announced': {
        const entry = newest(state, record.body);
        if (entry !== undefined) entry.announced = true;
        break;
      }
      case 'message.queued':
        queued(state, record);
        break;
    }
    return state;
  },
};

const newest = (
  state: ReleasesState,
  { project, version }: { project: string; version: string },
): ReleaseEntry | undefined => state[project]?.findLast((entry) => entry.version === version);

/** The message itself stands in the ledger: whoever was stopped right after it must not send another one. */
function queued(state: ReleasesState, { body: { job, title } }: LedgerRecord<'message.queued'>): void {
  if (job === undefined) return;
  for (const entries of Object.values(state)) {
    const entry = entries.findLast(
      ({ announcing }) => announcing?.job === job && announcing?.title === title,
    );
    if (entry !== undefined) entry.announced = true;
  }
}
