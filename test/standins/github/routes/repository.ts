import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { ApiError, notFound, textIn, type Request, type Route } from '../rest.ts';
import { htmlOf, nodeId, urlOf, type Repo, type Schemas } from '../world.ts';
import { repositoryOf } from '../payloads.ts';

const REPO = '/repos/:owner/:repo';
const releaseOf = (repo: Repo, fits: (release: Schemas['release']) => boolean): Schemas['release'] => {
  const found = repo.releases.findLast(fits);
  if (found === undefined) throw notFound();
  return found;
};

export function addRelease(
  { world, repo, me }: Pick<Request, 'world' | 'repo' | 'me'>,
  body: Record<string, unknown>,
): Schemas['release'] {
  const id = world.id();
  const tag = textIn(body, 'tag_name');
  const url = `${urlOf(repo)}/releases/${id}`;
  const release: Schemas['release'] = {
    id,
    node_id: nodeId('Release', id),
    url,
    html_url: `${htmlOf(repo)}/releases/tag/${tag}`,
    assets_url: `${url}/assets`,
    upload_url: `https://uploads.github.com/repos/${repo.owner}/${repo.name}/releases/${id}/assets{?name,label}`,
    tarball_url: `${urlOf(repo)}/tarball/${tag}`,
    zipball_url: `${urlOf(repo)}/zipball/${tag}`,
    tag_name: tag,
    target_commitish: textIn(body, 'target_commitish', 'main'),
    name: textIn(body, 'name', tag),
    body: textIn(body, 'body', ''),
    draft: body['draft'] === true,
    prerelease: body['prerelease'] === true,
    created_at: world.time(),
    published_at: body['draft'] === true ? null : world.time(),
    author: me,
    assets: [],
  };
  repo.releases.push(release);
  return release;
}

export function addRef(repo: Repo, ref: string, sha: string, type = 'commit'): Schemas['git-ref'] {
  const url = `${urlOf(repo)}/git/${ref}`;
  const made: Schemas['git-ref'] = {
    ref,
    node_id: nodeId('Ref', repo.refs.length + 1),
    url,
    object: { type, sha, url: `${urlOf(repo)}/git/${type}s/${sha}` },
  };
  repo.refs.push(made);
  const [, tag] = /^refs\/tags\/(.+)$/.exec(ref) ?? [];
  if (tag !== undefined)
    repo.tags.unshift({
      name: tag,
      commit: { sha, url: `${urlOf(repo)}/commits/${sha}` },
      zipball_url: `${urlOf(repo)}/zipball/${ref}`,
      tarball_url: `${urlOf(repo)}/tarball/${ref}`,
      node_id: made.node_id,
    });
  return made;
}

/** What a reference of the real repository behind it names. */
function pushedRef(repo: Repo, ref: string): Schemas['git-ref'] | undefined {
  if (repo.folder === undefined) return undefined;
  const args = ['for-each-ref', '--format=%(objecttype) %(objectname)', ref];
  const [type, sha] = execFileSync('git', args, { cwd: repo.folder, encoding: 'utf8' }).trim().split(' ');
  if (type === undefined || sha === undefined) return undefined;
  const url = `${urlOf(repo)}/git/${ref}`;
  return {
    ref,
    node_id: nodeId('Ref', 1),
    url,
    object: { type, sha, url: `${urlOf(repo)}/git/${type}s/${sha}` },
  };
}

export const repository: readonly Route[] = [
  {
    method: 'POST',
    path: '/app/installations/:id/access_tokens',
    open: true,
    takes: ['repositories', 'repository_ids', 'permissions'],
    run({ access, call, params }) {
      const data: Schemas['installation-token'] = {
        token: access.install(call, Number(params['id'])),
        expires_at: new Date(Date.now() + 3_600_000).toISOString(),
        permissions: { issues: 'write', deployments: 'write', statuses: 'write', contents: 'write' },
        repository_selection: 'selected',
      };
      return { status: 201, data };
    },
  },
  {
    method: 'GET',
    path: '/rate_limit',
    free: true,
    run() {
      const limit = { limit: 5000, remaining: 5000, reset: Math.floor(Date.now() / 1000) + 3600, used: 0 };
      const data: Schemas['rate-limit-overview'] = {
        resources: { core: limit, search: limit },
        rate: limit,
      };
      return { data };
    },
  },
  { method: 'GET', path: REPO, run: ({ repo }) => ({ data: repositoryOf(repo) }) },
  {
    method: 'GET',
    path: `${REPO}/pulls/:number`,
    run({ repo, params }) {
      const pull = repo.pulls.find(({ number }) => number === Number(params['number']));
      if (pull === undefined) throw notFound();
      return { data: pull };
    },
  },
  {
    method: 'GET',
    path: `${REPO}/releases`,
    run: ({ repo }) => ({ list: repo.many?.releases ?? repo.releases.toReversed() }),
  },
  {
    method: 'GET',
    path: `${REPO}/releases/latest`,
    run: ({ repo }) => ({ data: releaseOf(repo, ({ draft, prerelease }) => !draft && !prerelease) }),
  },
  {
    method: 'GET',
    path: `${REPO}/releases/tags/*tag`,
    // A draft has no tag yet.
    run: ({ repo, params }) => ({
      data: releaseOf(repo, ({ tag_name, draft }) => !draft && tag_name === params['tag']),
    }),
  },
  {
    method: 'GET',
    path: `${REPO}/releases/:id`,
    run: ({ repo, params }) => ({ data: releaseOf(repo, ({ id }) => id === Number(params['id'])) }),
  },
  {
    method: 'POST',
    path: `${REPO}/releases`,
    needs: ['tag_name'],
    takes: [
      'target_commitish',
      'name',
      'body',
      'draft',
      'prerelease',
      'generate_release_notes',
      'make_latest',
    ],
    run(request) {
      const tag = textIn(request.body, 'tag_name');
      if (request.repo.releases.some(({ tag_name }) => tag_name === tag))
        throw new ApiError(422, 'Validation Failed: already_exists');
      return { status: 201, data: addRelease(request, request.body) };
    },
  },
  {
    method: 'PATCH',
    path: `${REPO}/releases/:id`,
    takes: ['tag_name', 'target_commitish', 'name', 'body', 'draft', 'prerelease', 'make_latest'],
    run({ repo, params, body }) {
      return {
        data: Object.assign(
          releaseOf(repo, ({ id }) => id === Number(params['id'])),
          body,
        ),
      };
    },
  },
  { method: 'GET', path: `${REPO}/tags`, run: ({ repo }) => ({ list: repo.tags }) },
  {
    method: 'GET',
    path: `${REPO}/git/ref/*ref`,
    run({ repo, params }) {
      const ref = `refs/${params['ref']}`;
      const found = repo.refs.find((one) => one.ref === ref) ?? pushedRef(repo, ref);
      if (found === undefined) throw notFound();
      return { data: found };
    },
  },
  {
    method: 'GET',
    path: `${REPO}/git/matching-refs/*ref`,
    run: ({ repo, params }) => ({
      list: repo.refs.filter(({ ref }) => ref.startsWith(`refs/${params['ref']}`)),
    }),
  },
  {
    method: 'POST',
    path: `${REPO}/git/refs`,
    needs: ['ref', 'sha'],
    run({ repo, body }) {
      const ref = textIn(body, 'ref');
      if (repo.refs.some((one) => one.ref === ref)) throw new ApiError(422, 'Reference already exists');
      return { status: 201, data: addRef(repo, ref, textIn(body, 'sha')) };
    },
  },
  {
    method: 'POST',
    path: `${REPO}/git/tags`,
    needs: ['tag', 'message', 'object', 'type'],
    takes: ['tagger'],
    run({ world, repo, me, body }) {
      const sha = createHash('sha1').update(JSON.stringify(body)).digest('hex');
      const data: Schemas['git-tag'] = {
        node_id: nodeId('Tag', repo.gitTags.length + 1),
        tag: textIn(body, 'tag'),
        sha,
        url: `${urlOf(repo)}/git/tags/${sha}`,
        message: textIn(body, 'message'),
        tagger: { date: world.time(), email: `${me.login}@users.noreply.github.com`, name: me.login },
        object: {
          sha: textIn(body, 'object'),
          type: textIn(body, 'type'),
          url: `${urlOf(repo)}/git/commits/${textIn(body, 'object')}`,
        },
      };
      repo.gitTags.push(data);
      return { status: 201, data };
    },
  },
  {
    method: 'GET',
    path: `${REPO}/actions/runs`,
    run({ repo, query }) {
      const fits = (run: Schemas['workflow-run']): boolean =>
        (query.get('branch') === null || run.head_branch === query.get('branch')) &&
        (query.get('status') === null ||
          run.status === query.get('status') ||
          run.conclusion === query.get('status')) &&
        (query.get('created') === null || run.created_at >= (query.get('created') ?? '').replace(/^>=?/, ''));
      if (repo.many?.runs !== undefined) return { list: repo.many.runs, in: 'workflow_runs' };
      return { list: repo.runs.filter(fits).toReversed(), in: 'workflow_runs' };
    },
  },
  {
    method: 'GET',
    path: `${REPO}/contents/*path`,
    run({ repo, params }) {
      const path = params['path'] ?? '';
      const file = repo.contents.get(path);
      if (file === undefined) throw notFound();
      return { data: contentOf(repo, path, file) };
    },
  },
  {
    method: 'PUT',
    path: `${REPO}/contents/*path`,
    needs: ['message', 'content'],
    takes: ['sha', 'branch', 'committer', 'author'],
    run({ repo, params, body }) {
      const path = params['path'] ?? '';
      const before = repo.contents.get(path);
      if (before !== undefined && body['sha'] === undefined)
        throw new ApiError(422, `Invalid request.\n\n"sha" wasn't supplied.`);
      if (before !== undefined && before.sha !== body['sha'])
        throw new ApiError(409, `${path} does not match ${textIn(body, 'sha')}`);
      const text = Buffer.from(textIn(body, 'content'), 'base64').toString('utf8');
      const file = { text, sha: blobSha(text) };
      repo.contents.set(path, file);
      return {
        status: before === undefined ? 201 : 200,
        data: { content: contentOf(repo, path, file), commit: { message: textIn(body, 'message') } },
      };
    },
  },
];

/** As Git names it. */
const blobSha = (text: string): string =>
  createHash('sha1')
    .update(`blob ${Buffer.byteLength(text)}\0${text}`)
    .digest('hex');

function contentOf(
  repo: Repo,
  path: string,
  { text, sha }: { text: string; sha: string },
): Schemas['content-file'] {
  const url = `${urlOf(repo)}/contents/${path}`;
  return {
    type: 'file',
    encoding: 'base64',
    size: Buffer.byteLength(text),
    name: path.split('/').at(-1) ?? '',
    path,
    content: Buffer.from(text).toString('base64'),
    sha,
    url,
    git_url: `${urlOf(repo)}/git/blobs/${sha}`,
    html_url: `${htmlOf(repo)}/blob/main/${path}`,
    download_url: null,
    _links: { git: null, html: null, self: url },
  };
}
