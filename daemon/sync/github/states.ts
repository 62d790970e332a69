import { z } from 'zod';
import type { GithubClient } from '../../ports/github.ts';
import type { MirrorItem } from '../../ports/mirror.ts';
import { KINDS } from './kinds.ts';
import { CutOff } from './page.ts';

/**
 * The list of deployments does not say how they went, and asking for each one's statuses would be a call an item. GitHub's
 * GraphQL answers for a page of them at once (docs.github.com/graphql, "Deployment", "nodes": at most 100).
 */
const QUERY = `query ($ids: [ID!]!) {
  nodes(ids: $ids) {
    id
    ... on Deployment { latestStatus { state createdAt updatedAt } }
  }
}`;
const Status = z.object({ state: z.string(), createdAt: z.string(), updatedAt: z.string().nullish() });
const Answer = z.object({
  nodes: z.array(z.object({ id: z.string(), latestStatus: Status.nullish() }).nullable()),
});
const Failed = z.object({
  errors: z.array(z.looseObject({ type: z.string().optional(), message: z.string() })),
  data: z.unknown(),
});

export interface StatesAsked {
  client: GithubClient;
  signal: AbortSignal;
  /** The node of an item, by its number. */
  nodes: ReadonlyMap<number, string>;
  odd(why: string): void;
}

/**
 * The deployments with the state of their newest status. One of which GitHub does not say it is `unknown`. Rejects what the
 * client rejects, and CutOff at a limit.
 */
export async function withStates(items: readonly MirrorItem[], ask: StatesAsked): Promise<MirrorItem[]> {
  const ids = items.flatMap(({ id }) => ask.nodes.get(id) ?? []);
  if (ids.length === 0) return items.map((item) => ({ ...item, state: 'unknown' }));
  let answer: unknown;
  try {
    answer = await ask.client.graphql(QUERY, { ids, request: { signal: ask.signal } });
  } catch (error) {
    const failed = Failed.safeParse(error);
    if (!failed.success) throw error;
    const { errors, data } = failed.data;
    const [first] = errors;
    if (errors.some(({ type }) => type === 'RATE_LIMITED'))
      throw new CutOff(`GitHub: ${first?.message ?? 'rate limit'}`, { cause: error });
    ask.odd(`the state of some is not known (Deployments: read): GitHub: ${first?.message ?? ''}`);
    answer = data;
  }
  const read = Answer.safeParse(answer);
  const found = new Map(read.data?.nodes.flatMap((node) => (node === null ? [] : [[node.id, node]])));
  if (!read.success && answer !== null && answer !== undefined)
    ask.odd('the states are told in a way that is not known');
  return items.map((item) => {
    const node = found.get(ask.nodes.get(item.id) ?? '');
    if (node === undefined) return { ...item, state: 'unknown' };
    const { latestStatus: status } = node;
    if (status === null || status === undefined) return item;
    return (
      KINDS.deployments.also?.fold(item, {
        state: status.state.toLowerCase(),
        created_at: status.createdAt,
        updated_at: status.updatedAt,
      }) ?? item
    );
  });
}
