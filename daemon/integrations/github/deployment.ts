import { isTerminal, type JobStatus } from '../../../contracts/job.ts';
import type { GithubClient } from '../../ports/github.ts';
import { cut, oneLine } from '../../text.ts';
import type { GithubDeps } from './deps.ts';
import type { Step } from './outbox.ts';
import type { Deploying } from './projection.ts';

/** Longest description GitHub takes, of deployments and statuses. */
const MAX_DESCRIPTION = 140;

const STATES = {
  QUEUED: 'queued',
  RUNNING: 'in_progress',
  PASS: 'success',
  FAIL: 'failure',
  TIMED_OUT: 'failure',
  UNKNOWN: 'error',
  CANCELLED: 'inactive',
  SKIPPED: 'inactive',
} as const satisfies Record<JobStatus, string>;
/** A commit's status knows fewer. */
const COMMIT = {
  queued: 'pending',
  in_progress: 'pending',
  success: 'success',
  failure: 'failure',
  error: 'error',
  inactive: 'error',
} as const;

type State = (typeof STATES)[JobStatus];
type At = { owner: string; repo: string; request: object };

/** The next thing to be written of a deployment: the deployment itself, where it stands, the same at its commit. */
export async function stepOfDeploy(deps: GithubDeps, deploy: Deploying, signal: AbortSignal): Promise<Step> {
  const { job, wrote, repository, retry } = deploy;
  const github = await deps.github.client();
  const { full_name } = await deps.github.repository(repository);
  const [owner = '', repo = ''] = full_name.split('/');
  const at = { owner, repo, request: { retries: 0, patience: 0, signal } };
  const { status, title } = await deps.jobs.get(job);
  const words = cut(oneLine(deps.clean(`${job} ${title}: ${status}`)), MAX_DESCRIPTION);
  const made = wrote['deployment'];
  if (made?.id === undefined)
    return { what: 'deployment', as: job, ...(await create(github, at, deploy, words)) };
  const state = STATES[status];
  if (wrote['status']?.as !== state) {
    await say(github, at, made.id, state, words);
    return { what: 'status', as: state };
  }
  const commit = COMMIT[state];
  if (made.sha !== undefined && wrote['commit']?.as !== commit) {
    await mark(github, at, { sha: made.sha, state: commit, context: contextOf(deploy), words });
    return { what: 'commit', as: commit };
  }
  return isTerminal(status) && retry !== true ? { what: 'over', as: state } : undefined;
}

const contextOf = ({ task, environment }: Deploying): string => `reeve/${task}/${environment}`;

async function create(
  github: GithubClient,
  at: At,
  deploy: Deploying,
  description: string,
): Promise<{ id: number; sha: string }> {
  const { environment, task, job } = deploy;
  const listed = await github.request('GET /repos/{owner}/{repo}/deployments', {
    ...at,
    environment,
    task,
    per_page: 100,
  });
  const there = listed.data.find(({ payload }) => isOurs(payload, job));
  if (there !== undefined) return { id: Number(there.id), sha: there.sha };
  const { data } = await github.request('POST /repos/{owner}/{repo}/deployments', {
    ...at,
    ref: await refOf(github, at, deploy),
    environment,
    task,
    description,
    payload: { reeve_job: job },
    // What may be deployed is decided at the door; GitHub is told.
    auto_merge: false,
    required_contexts: [],
  });
  if (!('sha' in data)) throw new Error(`GitHub merged instead of deploying: ${data.message ?? ''}`);
  return { id: Number(data.id), sha: data.sha };
}

function isOurs(payload: unknown, job: string): boolean {
  return (
    typeof payload === 'object' && payload !== null && 'reeve_job' in payload && payload.reeve_job === job
  );
}

async function refOf(github: GithubClient, at: At, { ref, pull }: Deploying): Promise<string> {
  if (ref !== undefined) return ref;
  if (pull === undefined) return (await github.request('GET /repos/{owner}/{repo}', at)).data.default_branch;
  const { data } = await github.request('GET /repos/{owner}/{repo}/pulls/{pull_number}', {
    ...at,
    pull_number: pull,
  });
  return data.head.sha;
}

async function say(
  github: GithubClient,
  at: At,
  id: number,
  state: State,
  description: string,
): Promise<void> {
  const where = { ...at, deployment_id: id };
  const path = '/repos/{owner}/{repo}/deployments/{deployment_id}/statuses' as const;
  const { data } = await github.request(`GET ${path}`, { ...where, per_page: 1 });
  // It was written, and the answer lost.
  if (data[0]?.state === state && data[0].description === description) return;
  await github.request(`POST ${path}`, { ...where, state, description });
}

async function mark(
  github: GithubClient,
  at: At,
  {
    sha,
    state,
    context,
    words,
  }: { sha: string; state: (typeof COMMIT)[State]; context: string; words: string },
): Promise<void> {
  const { data } = await github.request('GET /repos/{owner}/{repo}/commits/{ref}/statuses', {
    ...at,
    ref: sha,
    per_page: 100,
  });
  const newest = data.find((one) => one.context === context);
  if (newest?.state === state && newest.description === words) return;
  await github.request('POST /repos/{owner}/{repo}/statuses/{sha}', {
    ...at,
    sha,
    state,
    context,
    description: words,
  });
}
