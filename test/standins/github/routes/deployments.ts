import { ApiError, notFound, textIn, type Request, type Route } from '../rest.ts';
import { nodeId, urlOf, type Repo, type Schemas } from '../world.ts';

const STATES = ['error', 'failure', 'inactive', 'in_progress', 'queued', 'pending', 'success'] as const;
const STATUS = ['error', 'failure', 'pending', 'success'] as const;
const MAX_DESCRIPTION = 140;

const deploymentOf = ({ repo, params }: Request): Schemas['deployment'] => {
  const found = repo.deployments.find(({ id }) => id === Number(params['id']));
  if (found === undefined) throw notFound();
  return found;
};
const shortText = (value: unknown): string => {
  const text = typeof value === 'string' ? value : '';
  if (text.length > MAX_DESCRIPTION)
    throw new ApiError(
      422,
      `Validation Failed: description is too long (maximum is ${MAX_DESCRIPTION} characters)`,
    );
  return text;
};
/** The commit behind a branch, a tag, or itself. Throws 422. */
function shaOf(repo: Repo, ref: string): string {
  if (/^[0-9a-f]{40}$/.test(ref)) return ref;
  const found = repo.refs.find((one) => one.ref === `refs/heads/${ref}` || one.ref === `refs/tags/${ref}`);
  if (found === undefined) throw new ApiError(422, `No ref found for: ${ref}`);
  return found.object.sha;
}

export const deployments: readonly Route[] = [
  {
    method: 'GET',
    path: '/repos/:owner/:repo/deployments',
    run({ repo, query }) {
      const fits = (deployment: Schemas['deployment']): boolean =>
        (['sha', 'ref', 'task', 'environment'] as const).every(
          (field) => query.get(field) === null || deployment[field] === query.get(field),
        );
      if (repo.many?.deployments !== undefined) return { list: repo.many.deployments };
      return { list: repo.deployments.filter(fits).toReversed() };
    },
  },
  {
    method: 'POST',
    path: '/repos/:owner/:repo/deployments',
    needs: ['ref'],
    takes: [
      'task',
      'auto_merge',
      'required_contexts',
      'payload',
      'environment',
      'description',
      'transient_environment',
      'production_environment',
    ],
    run({ world, repo, me, body }) {
      const id = world.id();
      const ref = textIn(body, 'ref');
      const sha = shaOf(repo, ref);
      // Without a list, every status of the commit must be a success.
      if (
        !Array.isArray(body['required_contexts']) &&
        repo.statuses.some((s) => s.sha === sha && s.state !== 'success')
      )
        throw new ApiError(409, 'Conflict: Commit status checks failed for this ref.');
      const url = `${urlOf(repo)}/deployments/${id}`;
      const deployment: Schemas['deployment'] = {
        id,
        node_id: nodeId('Deployment', id),
        url,
        sha,
        ref,
        task: textIn(body, 'task', 'deploy'),
        payload: (body['payload'] as Record<string, unknown> | undefined) ?? {},
        environment: textIn(body, 'environment', 'production'),
        original_environment: textIn(body, 'environment', 'production'),
        description: shortText(body['description']),
        creator: me,
        created_at: world.time(),
        updated_at: world.time(),
        statuses_url: `${url}/statuses`,
        repository_url: urlOf(repo),
        transient_environment: body['transient_environment'] === true,
        production_environment: body['production_environment'] === true,
      };
      repo.deployments.push(deployment);
      return { status: 201, data: deployment };
    },
  },
  {
    method: 'GET',
    path: '/repos/:owner/:repo/deployments/:id',
    run: (request) => ({ data: deploymentOf(request) }),
  },
  {
    method: 'GET',
    path: '/repos/:owner/:repo/deployments/:id/statuses',
    run(request) {
      const { id } = deploymentOf(request);
      return { list: request.repo.deploymentStatuses.filter((one) => one.deployment === id).toReversed() };
    },
  },
  {
    method: 'POST',
    path: '/repos/:owner/:repo/deployments/:id/statuses',
    needs: ['state'],
    takes: ['target_url', 'log_url', 'description', 'environment', 'environment_url', 'auto_inactive'],
    run(request) {
      const { world, repo, me, body } = request;
      const deployment = deploymentOf(request);
      const id = world.id();
      const state = STATES.find((one) => one === body['state']);
      if (state === undefined) throw new ApiError(422, 'Validation Failed');
      const status: Schemas['deployment-status'] & { deployment: number } = {
        id,
        deployment: Number(deployment.id),
        node_id: nodeId('DeploymentStatus', id),
        url: `${deployment.url}/statuses/${id}`,
        state,
        creator: me,
        description: shortText(body['description']),
        environment: deployment.environment,
        target_url: textIn(body, 'target_url', ''),
        log_url: textIn(body, 'log_url', ''),
        created_at: world.time(),
        updated_at: world.time(),
        deployment_url: deployment.url,
        repository_url: urlOf(repo),
      };
      repo.deploymentStatuses.push(status);
      return { status: 201, data: status };
    },
  },
  {
    method: 'POST',
    path: '/repos/:owner/:repo/statuses/:sha',
    needs: ['state'],
    takes: ['target_url', 'description', 'context'],
    run({ world, repo, me, body, params }) {
      const id = world.id();
      const sha = params['sha'] ?? '';
      if (!/^[0-9a-f]{40}$/.test(sha)) throw new ApiError(422, `No commit found for SHA: ${sha}`);
      const state = STATUS.find((one) => one === body['state']);
      if (state === undefined) throw new ApiError(422, 'Validation Failed');
      const status: Schemas['status'] & { sha: string } = {
        id,
        sha,
        node_id: nodeId('StatusContext', id),
        url: `${urlOf(repo)}/statuses/${sha}`,
        avatar_url: me.avatar_url,
        state,
        description: shortText(body['description']),
        target_url: typeof body['target_url'] === 'string' ? body['target_url'] : null,
        context: textIn(body, 'context', 'default'),
        created_at: world.time(),
        updated_at: world.time(),
        creator: me,
      };
      repo.statuses.push(status);
      return { status: 201, data: status };
    },
  },
  {
    method: 'GET',
    path: '/repos/:owner/:repo/commits/:sha/statuses',
    run: ({ repo, params }) => ({
      list: repo.statuses.filter(({ sha }) => sha === params['sha']).toReversed(),
    }),
  },
];
