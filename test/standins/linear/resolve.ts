import { defaultFieldResolver, type GraphQLFieldResolver } from 'graphql';
import { blank } from './schema.ts';
import {
  Wrong,
  type Comment,
  type Issue,
  type Label,
  type LinearWorld,
  type State,
  type User,
} from './world.ts';

interface Page {
  first?: number;
  after?: string;
  last?: number;
  before?: string;
  orderBy?: string;
}

type Node = { id: string } & Record<string, unknown>;

/** Relay: 50 unless asked, 250 at most; a cursor is the id of a node. */
function connection(all: readonly { id: unknown }[], { first, after, last, before }: Page): object {
  const size = first ?? last ?? 50;
  if (size < 1 || size > 250)
    throw new Wrong('Argument Validation Error', 'first must not be greater than 250');
  const indexOf = (cursor: string): number => {
    const at = all.findIndex(({ id }) => id === cursor);
    if (at === -1) throw new Wrong('Argument Validation Error', 'the cursor is invalid');
    return at;
  };
  const from = after === undefined ? 0 : indexOf(after) + 1;
  const to = before === undefined ? all.length : indexOf(before);
  const nodes =
    last === undefined
      ? all.slice(from, Math.min(to, from + size))
      : all.slice(Math.max(from, to - size), to);
  const start = nodes[0] === undefined ? from : all.indexOf(nodes[0]);
  return {
    nodes,
    edges: nodes.map((node) => ({ node, cursor: node.id })),
    pageInfo: {
      hasNextPage: start + nodes.length < to,
      hasPreviousPage: start > from,
      startCursor: nodes[0]?.id ?? null,
      endCursor: nodes.at(-1)?.id ?? null,
    },
  };
}

/** Comparators of the filters that are used; another one is a fault of the test. */
function fits(value: Record<string, unknown>, filter: object | undefined): boolean {
  return Object.entries(filter ?? {}).every(([field, wanted]) =>
    Object.entries(wanted as object).every(([comparator, with_]) => {
      const there = value[field];
      if (comparator === 'eq') return there === with_;
      if (comparator === 'in') return (with_ as unknown[]).includes(there);
      if (comparator === 'gte') return Date.parse(there as string) >= Date.parse(with_ as string);
      if (comparator === 'some')
        return (there as Record<string, unknown>[]).some((one) => fits(one, with_ as object));
      // What it belongs to: an object with fields of its own.
      if (typeof there === 'object' && there !== null)
        return fits(there as Record<string, unknown>, { [comparator]: with_ });
      throw new Error(`the stand-in of Linear does not filter by ${field}.${comparator}`);
    }),
  );
}

/** Asked for in this order, the newest comes first. */
const byUpdate = (a: { updatedAt: string }, b: { updatedAt: string }): number =>
  Date.parse(b.updatedAt) - Date.parse(a.updatedAt);

/** What a query finds, over the world as it is. */
export function root(world: LinearWorld, viewer: User): object {
  const userOf = (id: string | null) => world.users.filter((one) => one.id === id).map(user)[0] ?? null;
  const user = (one: User) => ({
    ...one,
    displayName: one.name,
    email: `${one.name}@example.com`,
    active: true,
  });
  const teamOf = (team: LinearWorld['team']) => ({
    ...team,
    triageEnabled: team.triage,
    triageIssueState: team.triage ? stateOf(world.stateNamed('Triage')) : null,
    states: (page: Page) => connection(world.states.map(stateOf), page),
  });
  const stateOf = (one: State) => ({ ...one, team: { id: world.team.id } });
  const labelOf = (one: Label) => ({ ...one, team: one.teamId === undefined ? null : { id: one.teamId } });
  const issueOf = (one: Issue): Node => ({
    ...one,
    identifier: world.identifier(one),
    url: world.url(one),
    state: () => stateOf(world.stateNamed(one.stateId)),
    team: () => teamOf(world.teamOf(one.teamId)),
    assignee: () => userOf(one.assigneeId),
    creator: () => userOf(one.creatorId),
    labels: (page: Page) =>
      connection(world.labels.filter(({ id }) => one.labelIds.includes(id)).map(labelOf), page),
    history: (page: Page) =>
      connection(
        one.history.map((happening) => ({
          ...happening,
          toState: happening.toStateId === undefined ? null : stateOf(world.stateNamed(happening.toStateId)),
        })),
        page,
      ),
    comments: (page: Page) =>
      connection(world.comments.filter(({ issueId }) => issueId === one.id).map(commentOf), page),
  });
  /** An issue as filters see it. */
  const filtered = (one: Issue): Record<string, unknown> => ({
    ...one,
    team: world.teamOf(one.teamId),
    labels: world.labels.filter(({ id }) => one.labelIds.includes(id)),
  });
  const commentOf = (one: Comment): Node => ({
    ...one,
    url: `https://linear.app/works/comment/${one.id}`,
    user: () => userOf(one.userId),
    issue: () => issueOf(world.issue(one.issueId)),
  });
  const payload = (made: object): object => ({ success: true, lastSyncId: 1, ...made });
  return {
    viewer: () => user(viewer),
    teams: ({ filter, ...page }: Page & { filter?: object }) =>
      connection(
        world.teams.map(teamOf).filter((one) => fits(one, filter)),
        page,
      ),
    team: () => teamOf(world.team),
    workflowState: ({ id }: { id: string }) => stateOf(world.stateNamed(id)),
    issueLabels: ({ filter, ...page }: Page & { filter?: object }) =>
      connection(
        world.labels.map(labelOf).filter((one) => fits(one, filter)),
        page,
      ),
    issues: ({
      filter,
      includeArchived = false,
      ...page
    }: Page & { filter?: object; includeArchived?: boolean }) =>
      connection(
        world.issues
          .filter((one) => (includeArchived || one.archivedAt === null) && fits(filtered(one), filter))
          .toSorted(page.orderBy === 'updatedAt' ? byUpdate : () => 0)
          .map(issueOf),
        page,
      ),
    comments: ({ filter, ...page }: Page & { filter?: object }) =>
      connection(
        world.comments
          .filter((one) => fits({ ...one, issue: filtered(world.issue(one.issueId)) }, filter))
          .toSorted(page.orderBy === 'updatedAt' ? byUpdate : () => 0)
          .map(commentOf),
        page,
      ),
    issue: ({ id }: { id: string }) => issueOf(world.issue(id)),
    comment({ id }: { id: string }) {
      const found = world.comments.find((one) => one.id === id);
      if (found === undefined)
        throw new Wrong('Entity not found: Comment', 'Could not find referenced Comment.');
      return commentOf(found);
    },
    issueCreate: ({ input }: { input: Parameters<LinearWorld['createIssue']>[1] }) =>
      payload({ issue: issueOf(world.createIssue(viewer, input)) }),
    issueUpdate: ({ id, input }: { id: string; input: Parameters<LinearWorld['updateIssue']>[2] }) =>
      payload({ issue: issueOf(world.updateIssue(viewer, id, input)) }),
    commentCreate: ({ input }: { input: Parameters<LinearWorld['createComment']>[1] }) =>
      payload({ comment: commentOf(world.createComment(viewer, input)) }),
  };
}

/** What the world does not know of is as empty as the schema allows; but what is asked of it at the top must be known. */
export const resolver: GraphQLFieldResolver<unknown, unknown> = (source, args, context, info) => {
  const value: unknown = defaultFieldResolver(source, args, context, info);
  if (value !== undefined) return value;
  if (info.path.prev === undefined) throw new Error(`the stand-in of Linear has no ${info.fieldName}`);
  return blank(info.returnType);
};
