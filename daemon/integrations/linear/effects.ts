import type { Effect } from '../../ports/effect.ts';
import { own } from '../../own.ts';
import { uuidOf } from './ids.ts';
import { isClosed } from './missed.ts';
import { CommentEvent, IssueEvent } from './payload.ts';
import type { LinearState } from './projection.ts';

/** Between Linear's clock and ours, ms. */
const SKEW = 60_000;

/**
 * What of a delivery of Linear is our own doing: by the ids that we chose, and for what we changed by what was queued and
 * when it was done. Never by the account, which may be a person's own.
 */
export function linearEffect(payload: object, state: LinearState): Effect | undefined {
  const comment = CommentEvent.safeParse(payload);
  if (comment.success) {
    const { id } = comment.data.data;
    return state.recent.includes(id) ? talk(`Reeve's own comment ${id} in Linear`) : undefined;
  }
  const read = IssueEvent.safeParse(payload);
  if (!read.success) return undefined;
  const { data, action } = read.data;
  if (action === 'create' && isOurs(data.id, state)) return talk(`Reeve's own issue ${data.identifier}`);
  if (action === 'update' && isChange(read.data, state))
    return talk(`what Reeve itself changed of ${data.identifier}`);
  return undefined;
}

const talk = (what: string): Effect => ({ what, jobs: [], talk: true });

/** One that somebody opened an incident with is theirs. */
function isOurs(issue: string, { incidents, others, todos }: LinearState): boolean {
  const incident = own(incidents, issue);
  if (incident !== undefined) return uuidOf('incident', incident) === issue;
  return Object.hasOwn(others, issue) || Object.hasOwn(todos, issue);
}

function isChange({ data, updatedFrom, createdAt }: IssueEvent, { waiting, wrote }: LinearState): boolean {
  if (updatedFrom == null) return false;
  const at = createdAt == null ? undefined : Date.parse(createdAt);
  const fits = [...Object.values(waiting).map((one) => ({ ...one, at: null })), ...wrote].filter(
    (one) =>
      one.issue === data.id &&
      (at === undefined || Number.isNaN(at) || (at >= one.since - SKEW && at <= (one.at ?? Infinity) + SKEW)),
  );
  return fits.some(({ work }) => {
    if (work.kind === 'state')
      return 'stateId' in updatedFrom && isClosed(data.state.type) === (work.to === 'completed');
    if (work.kind === 'assign') return 'assigneeId' in updatedFrom && data.assigneeId === work.assignee;
    return work.kind === 'revise' && ('title' in updatedFrom || 'description' in updatedFrom);
  });
}
