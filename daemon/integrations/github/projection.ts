import type { RecordBody } from '../../../contracts/record.ts';
import type { Projection } from '../../ports/state.ts';

/** Finished ones that are kept, so that a delivery that comes again is known. */
const MAX_KEPT = 500;

export interface Ask extends RecordBody<'github.asked'> {
  at: number;
  answered?: Omit<RecordBody<'github.answered'>, 'delivery'>;
  /** What stands on GitHub, by what it is: `eyes`, `comment`, `verdict`. */
  wrote: Record<string, Written>;
  over?: true;
  /** Another attempt of its job begins by itself. */
  retry?: boolean;
}
interface Written {
  as: string;
  id?: number;
  sha?: string;
  url?: string;
}
export interface Deploying extends RecordBody<'github.deploying'> {
  at: number;
  /** `deployment`, `status`, `commit`. */
  wrote: Record<string, Written>;
  over?: true;
  retry?: boolean;
}

export interface Releasing extends RecordBody<'github.releasing'> {
  at: number;
  /** `release`. */
  wrote: Record<string, Written>;
  over?: true;
  /** Why GitHub does not have it, and will not. */
  gaveUp?: string;
}

export interface GithubState {
  asks: Record<string, Ask>;
  /** Anchor of a job → the ask that shows it: its interaction, or the request that others approve. */
  shown: Record<string, string>;
  deploys: Record<string, Deploying>;
  /** By the id of the release. */
  releases: Record<string, Releasing>;
  looked: number;
}

/** The interaction that a comment is, at the door. */
export const interactionOf = (delivery: string): string => `github/${delivery}`;
/** Name of an ask or a deployment in `github.wrote`. */
export const isAsk = (of: string): boolean => of.startsWith('dlv_');

export const githubProjection: Projection<GithubState> = {
  name: 'github',
  version: 2,
  initial: () => ({ asks: {}, shown: {}, deploys: {}, releases: {}, looked: 0 }),
  apply(state, record) {
    switch (record.type) {
      case 'github.asked': {
        const { delivery, of } = record.body;
        // Heard once more, it keeps its comment; what became of it is told anew.
        const { verdict: _verdict, ...wrote } = state.asks[delivery]?.wrote ?? {};
        state.asks[delivery] = { ...record.body, at: record.ts, wrote };
        state.shown[interactionOf(delivery)] = of ?? delivery;
        if (forget(state.asks))
          for (const [anchor, one] of Object.entries(state.shown))
            if (state.asks[one] === undefined) delete state.shown[anchor];
        break;
      }
      case 'github.answered':
        answered(state, record.body);
        break;
      case 'job.queued': {
        const { job_id, anchor } = record.body.job;
        const ask = state.asks[state.shown[anchor.id] ?? ''];
        if (ask !== undefined) started(ask, job_id, record.body.title ?? '');
        break;
      }
      case 'job.attempt':
        attempted(state, record.body);
        break;
      case 'github.deploying':
        state.deploys[record.body.job] = { ...record.body, at: record.ts, wrote: {} };
        forget(state.deploys);
        break;
      case 'github.releasing': {
        const { release } = record.body;
        // Asked for once more, it is tried once more.
        const { wrote = {} } = state.releases[release] ?? {};
        state.releases[release] = { ...record.body, at: record.ts, wrote };
        forget(state.releases);
        break;
      }
      case 'github.wrote': {
        const { of, what, ...written } = record.body;
        const one = oneOf(state, of);
        if (one === undefined) break;
        if (what === 'over') one.over = true;
        else one.wrote[what] = written;
        break;
      }
      case 'github.given_up': {
        const { of, why } = record.body;
        const one = oneOf(state, of);
        if (one === undefined) break;
        one.over = true;
        if ('release' in one) one.gaveUp = why;
        break;
      }
      case 'github.looked':
        state.looked = Math.max(state.looked, record.body.upto);
        break;
    }
    return state;
  },
};

const oneOf = (state: GithubState, of: string): Ask | Deploying | Releasing | undefined =>
  isAsk(of) ? state.asks[of] : (state.deploys[of] ?? state.releases[of]);

/** What came of a confirmation is shown where the plan stands. */
function answered(state: GithubState, { delivery, ...answer }: RecordBody<'github.answered'>): void {
  const ask = state.asks[delivery];
  if (ask === undefined) return;
  ask.answered = { ...answer, ...(ask.answered?.job === undefined ? {} : { job: ask.answered.job }) };
  if (answer.request !== undefined) state.shown[answer.request] = ask.of ?? delivery;
  const first = ask.of === undefined ? undefined : state.asks[ask.of];
  if (first === undefined || answer.outcome === 'refused') return;
  const { said = first.answered?.said, ...rest } = answer;
  first.answered = { ...rest, ...(said === undefined ? {} : { said }) };
}

/** The job may be there before the answer that names it, or without it when the daemon ended in between. */
function started(ask: Ask, job: string, title: string): void {
  const { said } = ask.answered ?? {};
  ask.answered = {
    outcome: 'started',
    title: title || 'A job',
    job,
    ...(said === undefined ? {} : { said }),
  };
}

/** One that ended goes on when a person has its job tried again. */
function attempted(state: GithubState, { attempt, retry_at }: RecordBody<'job.attempt'>): void {
  const { job_id, status } = attempt;
  const asks = Object.values(state.asks).filter(({ answered: a }) => a?.job === job_id);
  const deploy = state.deploys[job_id];
  for (const one of [...asks, ...(deploy === undefined ? [] : [deploy])]) {
    one.retry = retry_at !== undefined;
    if (status === 'QUEUED') delete one.over;
  }
}

/** True: some went. */
function forget(all: Record<string, { over?: true }>): boolean {
  const keys = Object.keys(all);
  if (keys.length <= MAX_KEPT * 1.2) return false;
  for (const key of keys.slice(0, keys.length - MAX_KEPT)) if (all[key]?.over === true) delete all[key];
  return true;
}
