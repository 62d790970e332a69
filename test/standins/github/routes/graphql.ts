import { buildSchema, execute, parse, validate } from 'graphql';
import { ApiError, textIn, type Route } from '../rest.ts';
import type { GithubWorld, Schemas } from '../world.ts';

/** What is asked for of GitHub's schema (docs.github.com/public/fpt/schema.docs.graphql), word for word. */
const schema = buildSchema(`
  scalar DateTime
  interface Node { id: ID! }
  enum DeploymentStatusState { PENDING SUCCESS FAILURE INACTIVE ERROR QUEUED IN_PROGRESS WAITING }
  type DeploymentStatus implements Node { id: ID! state: DeploymentStatusState! createdAt: DateTime! updatedAt: DateTime! }
  type Deployment implements Node { id: ID! databaseId: Int latestStatus: DeploymentStatus }
  type Query { node(id: ID!): Node nodes(ids: [ID!]!): [Node]! }
`);
const MAX_NODES = 100;

function deploymentWith(world: GithubWorld, node: string): object | null {
  for (const repo of world.repos) {
    const found =
      repo.many?.deployments?.find(node) ?? repo.deployments.find(({ node_id }) => node_id === node);
    if (found === undefined) continue;
    const { id } = found as Schemas['deployment'];
    const status = repo.deploymentStatuses.findLast(({ deployment }) => deployment === Number(id));
    return {
      __typename: 'Deployment',
      id: node,
      databaseId: Number(id),
      latestStatus: status && {
        id: status.node_id,
        state: status.state.toUpperCase(),
        createdAt: status.created_at,
        updatedAt: status.updated_at,
      },
    };
  }
  return null;
}

export const graphql: readonly Route[] = [
  {
    method: 'POST',
    path: '/graphql',
    needs: ['query'],
    takes: ['variables'],
    run({ world, body, me }) {
      if (me.id === 0) throw new ApiError(401, 'Requires authentication');
      const document = parse(textIn(body, 'query'));
      const wrong = validate(schema, document);
      if (wrong.length > 0) return { data: { errors: wrong.map(({ message }) => ({ message })) } };
      const variables = body['variables'] as { ids?: string[] } | undefined;
      if ((variables?.ids?.length ?? 0) > MAX_NODES)
        return {
          data: {
            errors: [{ type: 'ARGUMENT_LIMIT', message: `You may not provide more than 100 node ids` }],
          },
        };
      const missing: { type: string; path: (string | number)[]; message: string }[] = [];
      const result = execute({
        schema,
        document,
        variableValues: variables ?? {},
        rootValue: {
          nodes: ({ ids }: { ids: string[] }) =>
            ids.map((id, n) => {
              const found = deploymentWith(world, id);
              if (found === null)
                missing.push({
                  type: 'NOT_FOUND',
                  path: ['nodes', n],
                  message: `Could not resolve to a node with the global id of '${id}'.`,
                });
              return found;
            }),
        },
      });
      if ('then' in result) throw new Error('nothing in it waits');
      const errors = [...missing, ...(result.errors ?? []).map(({ message }) => ({ message }))];
      return { data: { data: result.data, ...(errors.length === 0 ? {} : { errors }) } };
    },
  },
];
