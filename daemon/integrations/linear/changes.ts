import { z } from 'zod';
import { LinearProblem } from './problem.ts';

/** Sends one document. Rejects LinearProblem. */
export type Request = <Response>(document: string, variables?: Record<string, unknown>) => Promise<Response>;

/** More than this since the last run is no reconciling any more: the day is to be named that it begins with. */
export const MAX_CHANGED = 20_000;
const PAGE = 100;
/** Issues that are read whole at once: Linear counts what is asked for, with what hangs on it ("Complexity"). */
export const MAX_DETAILS = 20;

const Time = z.iso.datetime({ offset: true }).transform((text) => Date.parse(text));
const pageOf = <T extends z.ZodType>(node: T) =>
  z.object({
    nodes: z.array(node),
    pageInfo: z.object({ hasNextPage: z.boolean(), endCursor: z.string().nullish() }),
  });
const User = z.object({ id: z.string() }).nullish();

const Changed = z.object({ id: z.string(), updatedAt: Time });
export type Changed = z.infer<typeof Changed>;
const Comment = z.object({
  id: z.string(),
  createdAt: Time,
  body: z.string(),
  user: User,
  issue: z.object({ id: z.string() }).nullish(),
});
export type Said = z.infer<typeof Comment>;
const Detail = z.object({
  id: z.string(),
  identifier: z.string(),
  title: z.string(),
  description: z.string().nullish(),
  priority: z.number(),
  url: z.string(),
  updatedAt: Time,
  archivedAt: z.string().nullish(),
  trashed: z.boolean().nullish(),
  assignee: User,
  creator: User,
  state: z.object({ name: z.string(), type: z.string() }),
  labels: z.object({ nodes: z.array(z.object({ id: z.string(), name: z.string() })) }),
  history: z.object({
    nodes: z.array(
      z.object({
        createdAt: Time,
        actorId: z.string().nullish(),
        toAssigneeId: z.string().nullish(),
        toState: z.object({ type: z.string() }).nullish(),
        addedLabelIds: z.array(z.string()).nullish(),
      }),
    ),
  }),
});
export type Detail = z.infer<typeof Detail>;

const PAGE_INFO = 'pageInfo { hasNextPage endCursor }';
const CHANGED = `query reeveChanged($filter: IssueFilter, $after: String) {
  issues(filter: $filter, after: $after, first: ${PAGE}, orderBy: updatedAt) { nodes { id updatedAt } ${PAGE_INFO} }
}`;
const COMMENTS = `query reeveComments($filter: CommentFilter, $after: String) {
  comments(filter: $filter, after: $after, first: ${PAGE}, orderBy: updatedAt) {
    nodes { id createdAt body user { id } issue { id } } ${PAGE_INFO}
  }
}`;
const DETAILS = `query reeveDetails($filter: IssueFilter) {
  issues(filter: $filter, first: ${MAX_DETAILS}, includeArchived: true) {
    nodes {
      id identifier title description priority url updatedAt archivedAt trashed
      assignee { id } creator { id } state { name type } labels(first: 50) { nodes { id name } }
      history(first: 30) { nodes { createdAt actorId toAssigneeId toState { type } addedLabelIds } }
    }
    ${PAGE_INFO}
  }
}`;

/** What changed in a team of Linear. Each call is one request a page; `before` is awaited before each. Rejects LinearProblem. */
export class Changes {
  readonly #request: Request;
  readonly #team: object;

  constructor(request: Request, team: string) {
    this.#request = request;
    this.#team = { team: { key: { eq: team } } };
  }

  /** Issues that were changed since then (ms), those with this label only where one is named. */
  issues(since: number, label: string | undefined, before: () => Promise<void>): Promise<Changed[]> {
    const labels = label === undefined ? {} : { labels: { some: { name: { eq: label } } } };
    const filter = { ...this.#team, ...labels, updatedAt: { gte: new Date(since).toISOString() } };
    return this.#all(CHANGED, 'issues', Changed, filter, before);
  }

  /** Comments that were written since then. */
  comments(since: number, before: () => Promise<void>): Promise<Said[]> {
    const filter = { issue: this.#team, createdAt: { gte: new Date(since).toISOString() } };
    return this.#all(COMMENTS, 'comments', Comment, filter, before);
  }

  /**
   * These issues, at most MAX_DETAILS, also those in the archive or the trash; those that are no more are left out. Asks for
   * half of them at a time when all count for too much.
   */
  async details(ids: readonly string[], before: () => Promise<void>): Promise<Detail[]> {
    await before();
    let answer: unknown;
    try {
      answer = await this.#request<unknown>(DETAILS, { filter: { id: { in: ids } } });
    } catch (error) {
      if (!(error instanceof LinearProblem) || error.kind !== 'complex' || ids.length < 2) throw error;
      const half = Math.ceil(ids.length / 2);
      return [
        ...(await this.details(ids.slice(0, half), before)),
        ...(await this.details(ids.slice(half), before)),
      ];
    }
    return read(z.object({ issues: pageOf(Detail) }), answer).issues.nodes;
  }

  async #all<T extends z.ZodType>(
    document: string,
    field: string,
    node: T,
    filter: object,
    before: () => Promise<void>,
  ): Promise<z.output<T>[]> {
    const all: z.output<T>[] = [];
    for (let after: string | undefined; ;) {
      await before();
      const answer = await this.#request<unknown>(document, {
        filter,
        ...(after === undefined ? {} : { after }),
      });
      const page = read(z.object({ [field]: pageOf(node) }), answer)[field];
      all.push(...((page?.nodes ?? []) as z.output<T>[]));
      const { hasNextPage = false, endCursor } = page?.pageInfo ?? {};
      if (!hasNextPage || endCursor == null) return all;
      if (all.length > MAX_CHANGED)
        throw new LinearProblem('invalid', `more than ${MAX_CHANGED} changes since then`);
      after = endCursor;
    }
  }
}

function read<T extends z.ZodType>(schema: T, answer: unknown): z.output<T> {
  const result = schema.safeParse(answer);
  if (!result.success)
    throw new LinearProblem(
      'invalid',
      `it answers otherwise than expected: ${z.prettifyError(result.error).slice(0, 200)}`,
    );
  return result.data;
}
