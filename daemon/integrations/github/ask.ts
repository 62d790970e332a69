import { isTerminal, type JobStatus } from '../../../contracts/job.ts';
import type { Block } from '../../../contracts/reply.ts';
import { sha256Hex } from '../../digest.ts';
import type { GithubClient } from '../../ports/github.ts';
import type { JobView } from '../../ports/jobs.ts';
import type { GithubDeps } from './deps.ts';
import type { Step } from './outbox.ts';
import type { Ask } from './projection.ts';

/** A plan waits so long for its confirmation, ms; then its comment is left as it is. */
const OPEN = 20 * 60_000;
/** Most of GitHub's 65,536 characters. */
const MAX_COMMENT = 64_000;

type Verdict = 'rocket' | '+1' | '-1' | 'confused';
const COMMENT = 'POST /repos/{owner}/{repo}/issues/{issue_number}/comments';

/** The next thing to be written of a command: that it was heard, what came of it, how it ended. */
export async function stepOfAsk(deps: GithubDeps, ask: Ask, signal: AbortSignal): Promise<Step> {
  const { answered, wrote, of } = ask;
  const github = await deps.github.client();
  const at = { ...whereOf(ask), request: { retries: 0, patience: 0, signal } };
  if (answered?.outcome !== 'refused' && wrote['eyes'] === undefined)
    return { what: 'eyes', as: await react(deps, github, at, ask, 'eyes') };
  if (answered === undefined) return undefined;
  const job =
    answered.job === undefined ? undefined : await deps.jobs.get(answered.job).catch(() => undefined);
  const closed = await closedRequest(deps, ask);
  // What a confirmation comes to is shown where the plan stands.
  if (of === undefined || answered.outcome === 'refused') {
    const body = await bodyOf(deps, ask, job, closed);
    const as = sha256Hex(body);
    if (wrote['comment']?.as !== as) return { what: 'comment', as, id: await write(github, at, ask, body) };
  }
  const verdict = closed !== undefined ? 'confused' : verdictOf(ask, job?.status);
  if (verdict !== undefined && wrote['verdict']?.as !== verdict)
    return { what: 'verdict', as: await react(deps, github, at, ask, verdict) };
  const stale = answered.outcome === 'confirm' && deps.clock.now() - ask.at > OPEN;
  return verdict !== undefined || stale ? { what: 'over', as: verdict ?? 'stale' } : undefined;
}

/** GitHub redirects from the names a repository had. */
function whereOf({ repository }: Ask): { owner: string; repo: string } {
  const [owner = '', repo = ''] = repository.full_name.split('/');
  return { owner, repo };
}

type At = ReturnType<typeof whereOf> & { request: object };

async function react(
  deps: GithubDeps,
  github: GithubClient,
  at: At,
  { comment }: Ask,
  content: Verdict | 'eyes',
): Promise<string> {
  try {
    // The same again is the one there is.
    await github.request('POST /repos/{owner}/{repo}/issues/comments/{comment_id}/reactions', {
      ...at,
      comment_id: comment,
      content,
    });
  } catch (error) {
    // A comment that was deleted meanwhile is still answered.
    if ((await deps.github.trouble(error))?.kind !== 'gone') throw error;
  }
  return content;
}

async function write(github: GithubClient, at: At, ask: Ask, body: string): Promise<number> {
  const known = ask.wrote['comment']?.id ?? (await own(github, at, ask));
  if (known === undefined) {
    const { data } = await github.request(COMMENT, { ...at, issue_number: ask.pull, body });
    return Number(data.id);
  }
  await github.request('PATCH /repos/{owner}/{repo}/issues/comments/{comment_id}', {
    ...at,
    comment_id: known,
    body,
  });
  return known;
}

const markOf = ({ delivery }: Ask): string => `<!-- reeve ${delivery}`;

/** Our comment of which the answer was lost. Its mark is not known to anybody before it stands there. */
async function own(github: GithubClient, at: At, ask: Ask): Promise<number | undefined> {
  // Whole seconds there, and another clock.
  const since = new Date(ask.at - 300_000).toISOString();
  const pages = github.paginate.iterator('GET /repos/{owner}/{repo}/issues/{issue_number}/comments', {
    ...at,
    issue_number: ask.pull,
    since,
    per_page: 100,
  });
  for await (const { data } of pages) {
    const found = data.find(({ body }) => body?.startsWith(markOf(ask)));
    if (found !== undefined) return Number(found.id);
  }
  return undefined;
}

/** Reads what was said at the door; the job as it is now stands below it. */
async function bodyOf(
  deps: GithubDeps,
  ask: Ask,
  job: JobView | undefined,
  closed: string | undefined,
): Promise<string> {
  const { answered, person } = ask;
  const { artifacts, speech, clean } = deps;
  const digest = answered?.said?.digest;
  const said =
    digest === undefined
      ? speech.blocks(answered?.title ?? '', [])
      : Buffer.from(await artifacts.get(digest)).toString('utf8');
  const parts = [`${markOf(ask)}${job === undefined ? '' : ` ${job.spec.job_id}`} -->`];
  if (job === undefined || answered?.outcome !== 'started' || ask.answered?.said !== undefined)
    parts.push(said);
  if (job !== undefined) parts.push(speech.blocks(`${job.title}: ${job.status}`, jobBlocks(job, person)));
  else if (closed !== undefined) parts.push(speech.blocks(closed, []));
  else if (answered?.outcome === 'confirm') parts.push(confirmLine(answered));
  else if (answered?.outcome === 'waits')
    parts.push(`To approve it, comment \`/reeve approve ${answered.request ?? ''}\``);
  const body = clean(parts.join('\n\n'));
  return body.length <= MAX_COMMENT ? body : `${body.slice(0, MAX_COMMENT)}\n\`\`\`\n… cut here`;
}

function confirmLine({ digest = '', typed }: NonNullable<Ask['answered']>): string {
  const digits = digest.replace(/^sha256:/, '').slice(0, 16);
  const more = typed === undefined ? '' : ' NAME';
  const name = typed === undefined ? '' : `, with the name of the environment in place of NAME`;
  return `To run exactly this, comment within 15 minutes${name}:\n\`\`\`text\n/reeve confirm ${digits}${more}\n\`\`\``;
}

function jobBlocks({ spec, attempts }: JobView, person: string): Block[] {
  const newest = attempts.at(-1);
  const { why, started_at: from, ended_at: to } = newest ?? {};
  return [
    {
      type: 'fields',
      fields: [
        { label: 'Job', value: spec.job_id },
        { label: 'Where', value: `${spec.project}/${spec.env}` },
        {
          label: 'Asked by',
          value: spec.requested_by === person ? person : `${spec.requested_by} (${person})`,
        },
        ...(attempts.length > 1 ? [{ label: 'Attempt', value: attempts.length }] : []),
        ...(from === undefined || to === undefined
          ? []
          : [{ label: 'Took', value: { duration: to - from } }]),
      ],
    },
    ...(newest === undefined || newest.steps.length === 0
      ? []
      : [{ type: 'steps' as const, steps: newest.steps }]),
    ...(why === undefined ? [] : [{ type: 'text' as const, text: why }]),
  ];
}

/** Why a request that was asked for here comes to nothing any more. */
async function closedRequest({ grants }: GithubDeps, { answered }: Ask): Promise<string | undefined> {
  if (answered?.outcome !== 'waits' || answered.request === undefined) return undefined;
  const request = (await grants.requests()).find(({ id }) => id === answered.request);
  if (request?.denied) return `Turned down by ${request.denied.by}: ${request.denied.reason}`;
  if (request?.lapsed) return `It was approved, but did not run: ${request.lapsed.why}`;
  return request?.state === 'expired' ? 'Its time was over before it was approved' : undefined;
}

function verdictOf({ answered, retry }: Ask, status: JobStatus | undefined): Verdict | undefined {
  if (answered?.outcome === 'refused') return 'confused';
  if (answered?.outcome === 'done') return '+1';
  if (status === undefined || !isTerminal(status) || retry === true) return undefined;
  if (status === 'PASS') return 'rocket';
  return status === 'UNKNOWN' || status === 'SKIPPED' ? 'confused' : '-1';
}
