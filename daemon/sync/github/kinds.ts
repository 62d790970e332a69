import { z } from 'zod';
import type { MirrorItem, MirrorKind } from '../../ports/mirror.ts';
import { oneLine } from '../../text.ts';

const DAY = 86_400_000;
const MAX_TEXT = 300;

const Time = z.iso.datetime({ offset: true });
const Account = z.object({ id: z.int(), login: z.string() }).nullish();
const Common = z.object({ id: z.int().min(1), created_at: Time, updated_at: Time.nullish() });
const Release = Common.extend({
  tag_name: z.string(),
  name: z.string().nullish(),
  draft: z.boolean(),
  prerelease: z.boolean(),
  published_at: Time.nullish(),
  html_url: z.string(),
  author: Account,
});
const Deployment = Common.extend({
  environment: z.string(),
  task: z.string(),
  ref: z.string(),
  url: z.string(),
  creator: Account,
});
const Status = z.object({ state: z.string(), created_at: Time, updated_at: Time.nullish() });
const Run = Common.extend({
  name: z.string().nullish(),
  display_title: z.string().optional(),
  status: z.string().nullish(),
  conclusion: z.string().nullish(),
  head_branch: z.string().nullish(),
  html_url: z.string(),
  actor: Account,
});
const Of = z.object({ repository: z.object({ id: z.int() }) });
const Issue = Common.extend({
  number: z.int().min(1),
  title: z.string(),
  state: z.string(),
  html_url: z.string(),
  user: Account,
  labels: z.array(z.union([z.string(), z.object({ name: z.string().nullish() })])).nullish(),
  pull_request: z.unknown().optional(),
});

/** What is read of each, from the API and from webhooks alike. */
export type Read = {
  releases: z.input<typeof Release>;
  deployments: z.input<typeof Deployment>;
  runs: z.input<typeof Run>;
  issues: z.input<typeof Issue>;
};

interface KindOf {
  /** Below `/repositories/<id>`. */
  path: string;
  /** Where GitHub wraps the list. */
  wrapped?: string;
  /** What the token needs to read it (docs.github.com/rest, "Permissions required for fine-grained tokens"). */
  needs: string;
  /** GitHub lists it by creation only; what is younger than this is looked at again, ms. Absent: by its last change. */
  again?: number;
  /** Name of its webhook event and of the field there. */
  event: string;
  field: string;
  /** Undefined for what is none, such as a pull request among issues. Throws ZodError. */
  read(raw: unknown): Omit<MirrorItem, 'deleted'> | undefined;
  /** Another event with its field, and what that says of the item. */
  also?: { event: string; field: string; fold(item: MirrorItem, raw: unknown): MirrorItem };
  /** Number of the repository it is of, where it says that. */
  of?(raw: unknown): number | undefined;
}

export const KINDS: Record<MirrorKind, KindOf> = {
  releases: {
    path: '/releases',
    needs: 'Contents: read',
    again: 30 * DAY,
    event: 'release',
    field: 'release',
    read(raw) {
      const one = Release.parse(raw);
      const state = one.draft ? 'draft' : one.prerelease ? 'prerelease' : 'published';
      // Not every server says when a release was changed.
      const at = one.updated_at ?? one.published_at ?? one.created_at;
      return item(one, at, one.name || one.tag_name, state, one.tag_name, one.author, one.html_url);
    },
  },
  deployments: {
    path: '/deployments',
    needs: 'Deployments: read',
    again: 7 * DAY,
    event: 'deployment',
    field: 'deployment',
    read(raw) {
      const one = Deployment.parse(raw);
      const at = one.updated_at ?? one.created_at;
      return item(one, at, one.environment, 'pending', one.ref, one.creator, one.url);
    },
    also: {
      event: 'deployment_status',
      field: 'deployment_status',
      fold(item, raw) {
        const { state, created_at, updated_at } = Status.parse(raw);
        return {
          ...item,
          state: oneLine(state, 50),
          at: Math.max(item.at, Date.parse(updated_at ?? created_at)),
        };
      },
    },
  },
  runs: {
    path: '/actions/runs',
    wrapped: 'workflow_runs',
    needs: 'Actions: read',
    again: 7 * DAY,
    event: 'workflow_run',
    field: 'workflow_run',
    read(raw) {
      const one = Run.parse(raw);
      const state = one.conclusion ?? one.status ?? 'queued';
      const title = one.display_title || one.name || `run ${one.id}`;
      const at = one.updated_at ?? one.created_at;
      return item(one, at, title, state, one.head_branch ?? '', one.actor, one.html_url);
    },
    of: (raw) => Of.safeParse(raw).data?.repository.id,
  },
  issues: {
    path: '/issues',
    needs: 'Issues: read',
    event: 'issues',
    field: 'issue',
    read(raw) {
      const one = Issue.parse(raw);
      if (one.pull_request !== undefined) return undefined;
      const labels = (one.labels ?? []).flatMap((label) => {
        const name = typeof label === 'string' ? label : label.name;
        return name === null || name === undefined ? [] : [name.slice(0, 50)];
      });
      const at = one.updated_at ?? one.created_at;
      return {
        ...item(one, at, one.title, one.state, `#${one.number}`, one.user, one.html_url),
        labels: labels.slice(0, 100),
      };
    },
  },
};

function item(
  { id, created_at }: z.infer<typeof Common>,
  at: string,
  title: string,
  state: string,
  ref: string,
  account: z.infer<typeof Account>,
  url: string,
): MirrorItem {
  return {
    id,
    created: Date.parse(created_at),
    at: Date.parse(at),
    title: oneLine(title, MAX_TEXT),
    state: oneLine(state, 50),
    ref: oneLine(ref, MAX_TEXT),
    by: account?.login.slice(0, 100) ?? null,
    by_id: account?.id ?? null,
    url: url.slice(0, 500),
  };
}

/** GitHub's times are whole seconds: of two states of the same second the one further on is the newer. */
const FURTHER: Record<string, number> = {
  unknown: -1,
  requested: 0,
  queued: 0,
  waiting: 0,
  pending: 0,
  in_progress: 1,
};
const rank = (one: MirrorItem): number => (one.deleted ? 3 : (FURTHER[one.state] ?? 2));

/** Whether what is told now is at least as new as what is there. */
export const supersedes = (told: MirrorItem, there: MirrorItem): boolean =>
  told.at === there.at ? rank(told) >= rank(there) : told.at > there.at;
