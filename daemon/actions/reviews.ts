import { z } from 'zod';
import { fail } from '../../contracts/errors.ts';
import type { Json } from '../../contracts/json.ts';
import type { Cell } from '../../contracts/reply.ts';
import { plural } from '../../contracts/units.ts';
import { arg } from '../args.ts';
import { adminAction, readAction, type ActionContext } from '../ports/actions.ts';
import { sees } from './sees.ts';

const group = 'Grants';

export const reviewList = readAction({
  name: 'review list',
  summary: 'Break-glass reviews that wait for somebody',
  group,
  verb: 'view',
  args: z.object({ all: arg.boolean('closed ones too').default(false) }),
  examples: ['review list'],
  async run(context, args) {
    const { grants, people, caller } = context;
    const all = await grants.reviews({ openOnly: !args.all });
    const places = await Promise.all(all.map((r) => placesOf(context, r.id).catch(() => [])));
    const reviews = all.filter((_, i) => {
      const at = places[i] ?? [];
      return at.length === 0
        ? sees(people, caller.person, undefined)
        : at.some((place) => sees(people, caller.person, place));
    });
    return {
      title: reviews.length === 0 ? 'No open reviews' : plural(reviews.length, 'review'),
      tone: reviews.some((r) => r.closed === null) ? 'warn' : 'info',
      blocks: [
        {
          type: 'table',
          columns: [
            { label: 'Review' },
            { label: 'Grant' },
            { label: 'Skipped' },
            { label: 'Reason' },
            { label: 'Opened' },
            { label: 'Closed by' },
          ],
          rows: reviews.map((r): Cell[] => [
            r.id,
            r.gid,
            r.skipped.join(', ') || '–',
            r.reason,
            { time: r.at },
            r.closed?.by ?? 'open',
          ]),
          empty: 'No glass was broken.',
        },
      ],
      data: reviews as unknown as Json,
    };
  },
});

/** Where a broken glass let somebody in: the environments of its grant that the estate still has. */
async function placesOf(
  { grants, config }: ActionContext,
  id: string,
): Promise<{ project: string; env: string }[]> {
  const review = (await grants.reviews()).find((r) => r.id === id);
  if (review === undefined) throw fail('REVIEW_NOT_FOUND', { id });
  const { prj, cap } = await grants.show(review.gid);
  const envs = [...new Set(cap.map((c) => c.slice(c.indexOf(':') + 1)))];
  const { projects } = config.current().config;
  return prj.flatMap((project) =>
    envs
      .filter((env) => Object.hasOwn(projects[project]?.environments ?? {}, env))
      .map((env) => ({ project, env })),
  );
}

export const reviewClose = adminAction({
  name: 'review close',
  type: 'close_review',
  summary: 'Close a break-glass review with your verdict',
  group,
  verb: 'approve',
  needsReason: true,
  args: z.object({ review: arg.string('review id', { position: 0 }) }),
  examples: ['review close rev_… --reason "justified: the site was down"'],
  async run(context, args) {
    const { grants, people, caller, reason } = context;
    const places = await placesOf(context, args.review);
    for (const { project, env } of places) people.require(caller.person, 'approve', project, env);
    if (places.length === 0) people.requireEverywhere(caller.person, 'approve');
    const reviewers = new Set(places.flatMap(({ project, env }) => people.approversFor(project, env)));
    const review = await grants.closeReview(args.review, caller.person, reason, [...reviewers]);
    return {
      title: `Review ${review.id} is closed`,
      data: { review: review as unknown as Json },
      after: { verdict: reason },
      targets: [{ kind: 'review', id: review.id }],
    };
  },
});
