import { ApiError, notFound, textIn, type Request, type Route } from '../rest.ts';
import { htmlOf, nodeId, urlOf, type Schemas } from '../world.ts';

const REACTIONS = ['+1', '-1', 'laugh', 'confused', 'heart', 'hooray', 'rocket', 'eyes'] as const;
const MAX_BODY = 65_536;
const COMMENT = '/repos/:owner/:repo/issues/comments/:id';

const commentOf = ({ repo, params }: Request) => {
  const found = repo.comments.find(({ id }) => id === Number(params['id']));
  if (found === undefined) throw notFound();
  return found;
};
const issueOf = ({ repo, params }: Request): Schemas['issue'] => {
  const found = repo.issues.find(({ number }) => number === Number(params['number']));
  if (found === undefined) throw notFound();
  return found;
};
const bodyText = (body: Record<string, unknown>): string => {
  const text = textIn(body, 'body', '');
  if (text.length > MAX_BODY) throw new ApiError(422, 'Validation Failed: body is too long');
  return text;
};

export function addIssue(
  { world, repo, me }: Pick<Request, 'world' | 'repo' | 'me'>,
  { title, body = '', labels = [] }: { title: string; body?: string; labels?: string[] },
): Schemas['issue'] {
  const number = repo.issues.length + 1;
  const id = world.id();
  const url = `${urlOf(repo)}/issues/${number}`;
  const issue: Schemas['issue'] = {
    id,
    node_id: nodeId('Issue', id),
    url,
    repository_url: urlOf(repo),
    labels_url: `${url}/labels{/name}`,
    comments_url: `${url}/comments`,
    events_url: `${url}/events`,
    html_url: `${htmlOf(repo)}/issues/${number}`,
    number,
    state: 'open',
    title,
    body,
    user: me,
    labels: labels.map((name) => ({ name })),
    assignee: null,
    milestone: null,
    locked: false,
    comments: 0,
    closed_at: null,
    created_at: world.time(),
    updated_at: world.time(),
  };
  repo.issues.push(issue);
  return issue;
}

export function addComment(
  { world, repo, me }: Pick<Request, 'world' | 'repo' | 'me'>,
  number: number,
  body: string,
): Schemas['issue-comment'] {
  const id = world.id();
  const comment: Schemas['issue-comment'] & { number: number } = {
    id,
    number,
    node_id: nodeId('IssueComment', id),
    url: `${urlOf(repo)}/issues/comments/${id}`,
    html_url: `${htmlOf(repo)}/issues/${number}#issuecomment-${id}`,
    issue_url: `${urlOf(repo)}/issues/${number}`,
    body,
    user: me,
    created_at: world.time(),
    updated_at: world.time(),
    author_association: 'MEMBER',
  };
  repo.comments.push(comment);
  return comment;
}

export const issues: readonly Route[] = [
  {
    method: 'GET',
    path: '/repos/:owner/:repo/issues',
    run({ repo, query }) {
      if (repo.many?.issues !== undefined) return { list: repo.many.issues };
      const labels = (query.get('labels') ?? '').split(',').filter(Boolean);
      const state = query.get('state') ?? 'open';
      const since = query.get('since') ?? '';
      const list = repo.issues.filter(
        (issue) =>
          (state === 'all' || issue.state === state) &&
          labels.every((label) =>
            issue.labels.some((one) => typeof one === 'object' && one.name === label),
          ) &&
          (since === '' || issue.updated_at >= since),
      );
      if (query.get('sort') === 'updated') list.sort((a, b) => a.updated_at.localeCompare(b.updated_at));
      return { list: query.get('direction') === 'asc' ? list : list.toReversed() };
    },
  },
  {
    method: 'POST',
    path: '/repos/:owner/:repo/issues',
    needs: ['title'],
    takes: ['body', 'labels', 'assignees', 'milestone'],
    run: (request) => ({
      status: 201,
      data: addIssue(request, request.body as { title: string; body?: string; labels?: string[] }),
    }),
  },
  {
    method: 'GET',
    path: '/repos/:owner/:repo/issues/:number',
    run: (request) => ({ data: issueOf(request) }),
  },
  {
    method: 'PATCH',
    path: '/repos/:owner/:repo/issues/:number',
    takes: ['title', 'body', 'state', 'state_reason', 'labels'],
    run(request) {
      const { title, body, state } = request.body;
      const set = { title, body, state, updated_at: request.world.time() };
      return { data: Object.assign(issueOf(request), JSON.parse(JSON.stringify(set)) as object) };
    },
  },
  {
    method: 'GET',
    path: '/repos/:owner/:repo/issues/:number/comments',
    run(request) {
      const { number } = issueOf(request);
      const since = request.query.get('since') ?? '';
      return {
        list: request.repo.comments.filter((one) => one.number === number && one.updated_at >= since),
      };
    },
  },
  {
    method: 'POST',
    path: '/repos/:owner/:repo/issues/:number/comments',
    needs: ['body'],
    run(request) {
      const { number } = issueOf(request);
      return { status: 201, data: addComment(request, number, bodyText(request.body)) };
    },
  },
  { method: 'GET', path: COMMENT, run: (request) => ({ data: commentOf(request) }) },
  {
    method: 'PATCH',
    path: COMMENT,
    needs: ['body'],
    run(request) {
      const comment = commentOf(request);
      if (comment.user?.id !== request.me.id)
        throw new ApiError(403, 'Resource not accessible by integration');
      return {
        data: Object.assign(comment, { body: bodyText(request.body), updated_at: request.world.time() }),
      };
    },
  },
  {
    method: 'GET',
    path: `${COMMENT}/reactions`,
    run(request) {
      const id = Number(commentOf(request).id);
      return { list: request.repo.reactions.filter(({ comment }) => comment === id) };
    },
  },
  {
    method: 'POST',
    path: `${COMMENT}/reactions`,
    needs: ['content'],
    run(request) {
      const comment = Number(commentOf(request).id);
      const { repo, me, world } = request;
      const content = REACTIONS.find((one) => one === request.body['content']);
      if (content === undefined) throw new ApiError(422, 'Validation Failed');
      const same = repo.reactions.find(
        (one) => one.comment === comment && one.user?.id === me.id && one.content === content,
      );
      // The same reaction again is the one there is (docs.github.com/rest/reactions).
      if (same !== undefined) return { status: 200, data: same };
      const id = world.id();
      const reaction: Schemas['reaction'] & { comment: number } = {
        id,
        comment,
        node_id: nodeId('Reaction', id),
        user: me,
        content,
        created_at: world.time(),
      };
      repo.reactions.push(reaction);
      return { status: 201, data: reaction };
    },
  },
];
