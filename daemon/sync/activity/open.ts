import type { LedgerRecord } from '../../../contracts/record.ts';
import { own } from '../../own.ts';
import type { Projection } from '../../ports/state.ts';
import type { Step } from './entries.ts';

/** More is not remembered of what nobody closes; the oldest goes. */
const MAX_OPEN = 5000;
/** Incidents whose title is remembered after they were resolved: they may come back. */
const MAX_TITLES = 2000;

/** What keeps something from going on, and what a person can do about it. */
type Open =
  | { blocker: string; next?: Step | undefined; project?: string | undefined }
  /** Nobody knows how this job ended. */
  | { job: string };

export interface OpenState {
  /** Each by its own key, in the order in which they began. */
  open: Record<string, Open>;
  /** Incidents until they are reviewed, and approvals that requests still need. */
  titles: Record<string, { title: string; project: string; severity: string }>;
  needs: Record<string, number>;
}

export const initialOpen = (): OpenState => ({ open: {}, titles: {}, needs: {} });

/** What is open as the ledger stands: halts, incidents, requests, unknown outcomes, suspended mandates. */
export const openProjection: Projection<OpenState> = {
  name: 'open',
  version: 1,
  initial: initialOpen,
  apply(state, record) {
    new Opener(state).apply(record);
    return state;
  },
};

/** Jobs as they are called. */
export type TitleOf = (job: string) => { title: string; project: string } | undefined;

/** As it is: of everything, or of one project. */
export function openNow(
  { open }: OpenState,
  project: string | undefined,
  titleOf: TitleOf,
): { blockers: string[]; next: Step[] } {
  const mine = Object.values(open)
    .map((one) => ('job' in one ? unknownJob(one.job, titleOf(one.job)) : one))
    .filter((one) => project === undefined || one.project === project);
  return {
    blockers: mine.flatMap(({ blocker }) => (blocker === '' ? [] : [blocker])),
    next: mine.flatMap(({ next }) => next ?? []),
  };
}

/** Jobs of which nobody knows how they ended. */
export const unknownJobs = ({ open }: OpenState): string[] =>
  Object.values(open).flatMap((one) => ('job' in one ? [one.job] : []));

const unknownJob = (job: string, known: ReturnType<TitleOf>): Exclude<Open, { job: string }> => ({
  blocker: `${known?.title ?? 'A job'} has an unknown outcome (${job})`,
  next: { text: 'look what it did, and say so', command: `reeve jobs resolve ${job}` },
  project: known?.project,
});

/** One record's change of it. */
export const applyOpen = (state: OpenState, record: LedgerRecord): void => new Opener(state).apply(record);

class Opener {
  readonly #state: OpenState;

  constructor(state: OpenState) {
    this.#state = state;
  }

  apply(record: LedgerRecord): void {
    switch (record.type) {
      case 'halt.set': {
        const { scope, by, reason } = record.body;
        const project = scope === 'all' ? undefined : scope.project;
        const flag = project === undefined ? '' : ` --project ${project}`;
        this.#set(`halt ${project ?? ''}`, {
          blocker: `${project ?? 'Everything'} is halted by ${by}: ${reason}`,
          next: { text: 'lift the halt when its reason is over', command: `reeve resume${flag}` },
          project,
        });
        break;
      }
      case 'halt.lifted':
        this.#close(`halt ${record.body.scope === 'all' ? '' : record.body.scope.project}`);
        break;
      case 'work.paused': {
        const { by, reason } = record.body;
        this.#set('pause', { blocker: `New work is paused by ${by}: ${reason}`, next: undefined });
        break;
      }
      case 'work.resumed':
        this.#close('pause');
        break;
      case 'incident.opened': {
        const { id, title, severity, project, env } = record.body;
        this.#set(id, {
          blocker: `Incident, ${severity}, on ${project}/${env}: ${title}`,
          next: { text: `see "${title}" through`, command: `reeve incidents show ${id}` },
          project,
        });
        this.#state.titles[id] = { title, project, severity };
        dropOldest(this.#state.titles, MAX_TITLES);
        break;
      }
      case 'incident.reopened': {
        const known = own(this.#state.titles, record.body.id);
        if (known !== undefined)
          this.#set(record.body.id, {
            blocker: `Incident, again: ${known.title}`,
            next: { text: `see "${known.title}" through`, command: `reeve incidents show ${record.body.id}` },
            project: known.project,
          });
        this.#close(`review ${record.body.id}`);
        break;
      }
      case 'incident.resolved': {
        const { id } = record.body;
        this.#close(id);
        const known = own(this.#state.titles, id);
        if (known?.severity === 'page')
          this.#set(`review ${id}`, {
            blocker: '',
            next: { text: `review "${known.title}"`, command: `reeve incidents review ${id}` },
            project: known.project,
          });
        break;
      }
      case 'incident.reviewed':
        this.#close(`review ${record.body.id}`);
        delete this.#state.titles[record.body.id];
        break;
      case 'grant.requested': {
        const { id, by, cap, project } = record.body;
        this.#set(id, {
          blocker: `${cap} on ${project} by ${by} waits for approval (${id})`,
          next: { text: `answer ${by}, who asks for ${cap}`, command: `reeve grant show ${id}` },
          project,
        });
        this.#state.needs[id] = record.body.needs;
        break;
      }
      case 'grant.approved': {
        const { id } = record.body;
        const left = (own(this.#state.needs, id) ?? 1) - 1;
        this.#state.needs[id] = left;
        if (left <= 0) this.#closed(id);
        break;
      }
      case 'grant.denied':
      case 'grant.expired':
        this.#closed(record.body.id);
        break;
      case 'review.opened':
        this.#set(record.body.id, {
          blocker: `A broken glass waits for its review: ${record.body.reason}`,
          next: { text: 'review it', command: `reeve review close ${record.body.id}` },
        });
        break;
      case 'review.closed':
        this.#close(record.body.id);
        break;
      case 'mandate.suspended': {
        const { id, why } = record.body;
        this.#set(`mandate ${id}`, {
          blocker: `${id} does not run: ${why}`,
          next: {
            text: 'look at the change, and accept it or take it back',
            command: `reeve config diff ${id}`,
          },
        });
        break;
      }
      case 'mandate.accepted':
        this.#close(`mandate ${record.body.mandate.id}`);
        break;
      case 'heal.breaker_opened': {
        const { rule, why } = record.body;
        this.#set(`heal ${rule}`, {
          blocker: `The healing rule ${rule} heals nothing more: ${why}`,
          next: { text: 'find out why, then close its breaker', command: `reeve heal reset ${rule}` },
        });
        break;
      }
      case 'heal.breaker_closed':
        this.#close(`heal ${record.body.rule}`);
        break;
      case 'rule.stopped': {
        const { rule, why } = record.body;
        this.#set(`rule ${rule}`, {
          blocker: `The rule ${rule} starts nothing more: ${why}`,
          next: { text: 'find out why, then let it start again', command: `reeve rules reset ${rule}` },
        });
        break;
      }
      case 'rule.reset':
        this.#close(`rule ${record.body.rule}`);
        break;
      case 'job.attempt': {
        const { job_id, status } = record.body.attempt;
        if (status !== 'UNKNOWN') {
          this.#close(job_id);
          break;
        }
        this.#state.open[job_id] = { job: job_id };
        break;
      }
      case 'job.resolved':
        this.#close(record.body.job_id);
        break;
    }
  }

  #set(key: string, open: Exclude<Open, { job: string }>): void {
    this.#state.open[key] = open;
    dropOldest(this.#state.open, MAX_OPEN);
  }
  #close(key: string): void {
    delete this.#state.open[key];
  }
  #closed(request: string): void {
    this.#close(request);
    delete this.#state.needs[request];
  }
}

/** A tenth beyond the bound before any is dropped, since looking for the oldest takes time. */
function dropOldest(rows: Record<string, unknown>, max: number): void {
  const keys = Object.keys(rows);
  if (keys.length < max * 1.1) return;
  for (const key of keys.slice(0, keys.length - max)) delete rows[key];
}
