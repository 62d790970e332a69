import { z } from 'zod';
import { Duration } from '../duration.ts';
import { EnvironmentId, ProjectId, Slug } from '../ids.ts';

/** Names of the stored secrets with which a sender signs: the one in force, and the one before it while it is replaced. */
const signing = <T extends z.ZodType>(secret: T) => ({ secret, previous_secret: Slug.optional() });

/** `POST /webhooks/github`: one hook of a repository or an organisation, or a GitHub App. */
const GithubHook = z.strictObject({ ...signing(Slug.default('github_webhook')) });
/** `POST /webhooks/linear`. */
const LinearHook = z.strictObject({ ...signing(Slug.default('linear_webhook')) });
/** Key of a team: the `OPS` of `OPS-12`. */
export const LinearTeam = z.string().regex(/^[A-Z0-9]{1,10}$/, 'the key of a team, such as OPS');
const Label = z.string().min(1).max(80);
/** Issues of Linear beside the incidents here. Without `token` it only calls in. */
const LinearSpec = z.strictObject({
  webhook: LinearHook.prefault({}),
  /** Name of the stored secret that holds an API key. */
  token: Slug.optional(),
  /** The team that issues are created in. */
  team: LinearTeam.optional(),
  /** Labels, by name, that are put on the issue of an incident, an action of a postmortem, and what was captured. */
  labels: z
    .strictObject({
      incident: z.array(Label).max(10).default([]),
      action: z.array(Label).max(10).default([]),
      capture: z.array(Label).max(10).default([]),
    })
    .prefault({}),
  /** A person who puts this label on an issue opens an incident there. */
  opens: z.strictObject({ label: Label, project: ProjectId, env: EnvironmentId }).optional(),
  /**
   * Requests an hour that Reeve allows itself. Linear's own limit depends on the plan and the kind of key and may change; it
   * is read out of the headers of each answer ("Rate limiting"), and a tenth of it is left to other tools.
   */
  budget: z.int().min(10).max(50_000).default(1000),
  api: z
    .string()
    .regex(/^https?:\/\/[^\s?#@]{1,200}$/, 'an address')
    .default('https://api.linear.app/graphql'),
});
export type LinearSpec = z.infer<typeof LinearSpec>;

/** `POST /webhooks/generic/<name>`: whoever signs as Standard Webhooks says (`whsec_…` secrets). */
const GenericHook = z.strictObject({ ...signing(Slug) });

/** A GitHub App, as which Reeve calls GitHub; `key`: name of the secret that holds its private key. */
const GithubApp = z.strictObject({
  id: z.int().min(1),
  /** Number of its installation: the end of the installation's address under "Configure". */
  installation: z.int().min(1),
  key: Slug.default('github_key'),
});

/** `owner/name`, or the number of a repository, which stays when it is renamed. */
export const Repository = z
  .string()
  .max(140)
  .regex(
    /^(?:\d{1,15}|[A-Za-z0-9](?:[A-Za-z0-9-]{0,38})\/[\w.-]{1,100})$/,
    'owner/name, or the number of a repository',
  );

const Github = z
  .strictObject({
    webhook: GithubHook.prefault({}),
    app: GithubApp.optional(),
    /** Name of the secret that holds a fine-grained token, where there is no app. */
    token: Slug.optional(),
    /** Which project a repository belongs to. */
    repositories: z.record(Repository, ProjectId).default({}),
    /** Whether `/reeve …` in comments of these repositories is heard. */
    commands: z.boolean().default(true),
    /** Whether deployments and commit statuses are written to these repositories. */
    deployments: z.boolean().default(true),
  })
  .refine(({ app, token }) => app === undefined || token === undefined, 'an app or a token, not both');

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
  github: Github.optional(),
  linear: LinearSpec.optional(),
  generic: z.record(Slug, GenericHook).default({}),
  /** How long the bodies of deliveries are kept; that they came stays in the ledger. */
  keep: Duration.default(90 * 86_400_000),
});
export type IntegrationsSpec = z.infer<typeof IntegrationsSpec>;
