import { z } from 'zod';
import type { RecordBody } from '../../../contracts/record.ts';
import { parseJsonBody } from '../../json-body.ts';
import type { GithubRepository } from '../../ports/github.ts';

export type Received = Pick<
  RecordBody<'webhook.received'>,
  'delivery' | 'source' | 'event' | 'at' | 'payload'
>;

const Account = z.object({ id: z.int().min(1), login: z.string().max(200), type: z.string() });

/**
 * What of a delivery is looked at; GitHub adds fields as it likes. test/github/payload-types.test.ts holds each field against
 * @octokit/webhooks-types.
 */
const Comment = z.object({
  action: z.enum(['created', 'edited', 'deleted']),
  issue: z.object({ number: z.int().min(1), pull_request: z.unknown().optional() }),
  comment: z.object({
    id: z.int().min(1),
    body: z.string(),
    user: Account,
    created_at: z.string().optional(),
    /** An app that writes in somebody's name. */
    performed_via_github_app: z.unknown().optional(),
  }),
  sender: Account,
  repository: z.object({ id: z.int().min(1), full_name: z.string().min(3).max(150) }),
});
export type CommentDelivery = z.infer<typeof Comment>;

/** Undefined for what is no comment, such as the payload of another version. */
export function commentIn(body: Buffer): CommentDelivery | undefined {
  const read = Comment.safeParse(parseJsonBody(body));
  return read.success ? read.data : undefined;
}

/** The commit that a delivery is about, and its repository; undefined where it names none. */
export function commitIn(body: Buffer): { repository: GithubRepository; sha: string } | undefined {
  const read = Facts.safeParse(parseJsonBody(body));
  if (!read.success) return undefined;
  const { repository, workflow_run, check_suite, deployment, pull_request, release, after } = read.data;
  const sha =
    workflow_run?.head_sha ??
    check_suite?.head_sha ??
    deployment?.sha ??
    pull_request?.head.sha ??
    release?.tag_name ??
    after;
  return sha === undefined || /^0+$/.test(sha) ? undefined : { repository, sha };
}

const Head = z.object({ head_sha: z.string() });
const Facts = z.object({
  repository: z.object({ id: z.int(), full_name: z.string().max(150) }),
  workflow_run: Head.optional(),
  check_suite: Head.optional(),
  deployment: z.object({ sha: z.string() }).optional(),
  pull_request: z.object({ head: z.object({ sha: z.string() }) }).optional(),
  release: z.object({ tag_name: z.string() }).optional(),
  after: z.string().optional(),
});
export type Facts = z.input<typeof Facts>;
