import { z } from 'zod';
import { Duration } from '../duration.ts';
import { Slug } from '../ids.ts';

/** Names of the stored secrets with which a sender signs: the one in force, and the one before it while it is replaced. */
const signing = <T extends z.ZodType>(secret: T) => ({ secret, previous_secret: Slug.optional() });

/** `POST /webhooks/github`: one hook of a repository or an organisation, or a GitHub App. */
const GithubHook = z.strictObject({ ...signing(Slug.default('github_webhook')) });
/** `POST /webhooks/linear`. */
const LinearHook = z.strictObject({ ...signing(Slug.default('linear_webhook')) });
/** `POST /webhooks/generic/<name>`: whoever signs as Standard Webhooks says (`whsec_…` secrets). */
const GenericHook = z.strictObject({ ...signing(Slug) });

/** Who calls in from outside. */
export const IntegrationsSpec = z.strictObject({
  /** Where senders reach this daemon: a tunnel or proxy in front of its TCP port. Shown with the set-up; no path. */
  url: z
    .string()
    .regex(
      /^https:\/\/[a-z0-9.-]+(:\d{1,5})?$/,
      'an address such as https://reeve.example.com, without a path',
    )
    .optional(),
  github: z.strictObject({ webhook: GithubHook.prefault({}) }).optional(),
  linear: z.strictObject({ webhook: LinearHook.prefault({}) }).optional(),
  generic: z.record(Slug, GenericHook).default({}),
  /** How long the bodies of deliveries are kept; that they came stays in the ledger. */
  keep: Duration.default(90 * 86_400_000),
});
export type IntegrationsSpec = z.infer<typeof IntegrationsSpec>;
