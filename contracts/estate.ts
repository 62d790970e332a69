import { z } from 'zod';
import { EnvironmentId, PersonId, ProjectId, RunbookId, Slug } from './ids.ts';
import { AlertsSpec } from './estate/alerts.ts';
import { ChatSpec } from './estate/chat.ts';
import { SentinelSpec } from './estate/drills.ts';
import { HealSpec, IncidentsSpec } from './estate/incidents.ts';
import { IntegrationsSpec } from './estate/integrations.ts';
import { SloSpec } from './estate/practice.ts';
import { MaintenanceSpec, ProbeSpec, WatchSpec } from './estate/probes.ts';
import { ReleaseSpec } from './estate/release.ts';
import { RuleSpec } from './estate/rules.ts';
import { SyncSpec } from './estate/sync.ts';
import { Duration } from './duration.ts';
import { Verb } from './verb.ts';

export { Verb };

export const RoleSpec = z.strictObject({
  verbs: z.array(Verb).min(1),
  /** Absent: every project / environment. */
  projects: z.array(ProjectId).optional(),
  environments: z.array(EnvironmentId).optional(),
});
export type RoleSpec = z.infer<typeof RoleSpec>;

export const PersonSpec = z.strictObject({
  name: z.string().max(100).optional(),
  roles: z.array(Slug).min(1),
  /** Operating-system user names or numeric uids that are this person on the socket. */
  os_users: z.array(z.union([z.string().max(64), z.int().min(0)])).default([]),
  discord: z.array(z.string().regex(/^\d{15,22}$/)).default([]),
  slack: z.array(z.string().regex(/^[A-Z0-9]{6,20}\/[UW][A-Z0-9]{5,20}$/, 'TEAM/USER ids')).default([]),
  github: z.array(z.int().min(1)).default([]),
  linear: z.array(z.string().max(64)).default([]),
});
export type PersonSpec = z.infer<typeof PersonSpec>;

export const EnvironmentSpec = z.strictObject({
  title: z.string().max(100).optional(),
  /** Approvals that a privileged action needs here. 0: a role and a confirmed plan suffice. */
  approvals: z.int().min(0).max(16).default(0),
  /** Who may approve; absent: everyone with the verb approve here. */
  approvers: z.array(PersonId).optional(),
  /**
   * An approval counts only when the approver signed it with an enrolled key of their own (`reeve approve`): a click in
   * chat then only shows the request. Needs `approvals` of at least 1.
   */
  cosign: z.boolean().default(false),
  /** How long a request waits for its approvals. */
  request_lifetime: Duration.default(4 * 3_600_000),
  /** Type the environment's name to confirm. */
  confirm_typed: z.boolean().default(false),
});
export type EnvironmentSpec = z.infer<typeof EnvironmentSpec>;

export const ProjectSpec = z.strictObject({
  title: z.string().max(100).optional(),
  /** Folder of the project, relative to reeve.yaml. */
  path: z.string().max(400).default('.'),
  /** Environment → policy, in order; the first is the default. */
  environments: z
    .record(EnvironmentId, EnvironmentSpec)
    .refine((v) => Object.keys(v).length > 0, 'at least one'),
  /** Action → runbook, where more than one could do it. */
  runbooks: z.record(Slug, RunbookId).default({}),
  /** What a release of it changes, and where it goes. */
  release: ReleaseSpec.prefault({}),
});
export type ProjectSpec = z.infer<typeof ProjectSpec>;

export const ScheduleSpec = z.strictObject({
  runbook: RunbookId,
  /** Five- or six-field cron line. */
  cron: z.string().max(120),
  timezone: z.string().max(64).default('UTC'),
  project: ProjectId,
  env: EnvironmentId,
  inputs: z.record(z.string(), z.union([z.string(), z.int(), z.boolean()])).default({}),
  /** Also once right after the daemon starts. */
  at_start: z.boolean().default(false),
  catchup: z.enum(['skip', 'latest', 'all']).default('latest'),
  /** Slots missed by longer are never caught up. Absent: however long. */
  catchup_window: Duration.optional(),
  /** At most so many are caught up at once, the newest; with catchup `all`. Absent: 24. */
  catchup_cap: z.int().min(1).max(500).optional(),
  /**
   * What becomes of times that the change of the clocks leaves out (gap) or repeats (fold). Absent: a line with fixed
   * hours and minutes runs once (`next`, `first`), one with `*` or steps follows elapsed time (`skip`, `both`).
   */
  dst: z
    .strictObject({
      gap: z.enum(['next', 'skip']).optional(),
      fold: z.enum(['first', 'second', 'both']).optional(),
    })
    .optional(),
  overlap: z.enum(['skip', 'queue', 'cancel_other', 'allow']).default('skip'),
  jitter: Duration.optional(),
  /** An alert is raised when no run of this schedule has passed for this long. */
  max_age: Duration.optional(),
});
export type ScheduleSpec = z.infer<typeof ScheduleSpec>;

/** `reeve.yaml`. Unknown keys are mistakes. */
export const EstateConfig = z.strictObject({
  version: z.literal(1),
  estate: z.strictObject({
    name: Slug,
    title: z.string().max(100).optional(),
    timezone: z.string().max(64).default('UTC'),
  }),
  people: z.record(PersonId, PersonSpec).default({}),
  roles: z.record(Slug, RoleSpec).default({}),
  projects: z.record(ProjectId, ProjectSpec).refine((v) => Object.keys(v).length > 0, 'at least one'),
  runbooks: z.strictObject({ path: z.string().max(400).default('runbooks') }).prefault({}),
  schedules: z.record(Slug, ScheduleSpec).default({}),
  probes: z.record(Slug, ProbeSpec).default({}),
  maintenance: z.record(Slug, MaintenanceSpec).default({}),
  watch: WatchSpec.prefault({}),
  alerts: AlertsSpec.prefault({}),
  chat: ChatSpec.prefault({}),
  integrations: IntegrationsSpec.prefault({}),
  rules: z.record(Slug, RuleSpec).default({}),
  sync: SyncSpec.prefault({}),
  healing: z.record(Slug, HealSpec).default({}),
  incidents: IncidentsSpec.prefault({}),
  slos: z.record(Slug, SloSpec).default({}),
  sentinels: z.record(Slug, SentinelSpec).default({}),
  /** Limits of a running job. */
  limits: z
    .strictObject({
      concurrent_jobs: z.int().min(1).max(256).default(8),
      output_bytes: z
        .int()
        .min(1024)
        .default(50 * 1024 * 1024),
      queue: z.int().min(1).default(1000),
    })
    .prefault({}),
  zones: z
    .strictObject({
      integrity: z.enum(['strict', 'warn', 'off']).default('warn'),
      system: z.array(z.string().max(300)).default(['.claude']),
      state: z.array(z.string().max(300)).default(['grimoires', '.beads']),
      app: z.array(z.string().max(300)).default(['src', 'lib', 'app']),
    })
    .prefault({}),
  network: z.strictObject({ allow: z.array(z.string().max(300)).default([]) }).prefault({}),
  log: z
    .strictObject({ level: z.enum(['trace', 'debug', 'info', 'warn', 'error']).default('info') })
    .prefault({}),
  /** Extra words never shown in any output (literal values), beside every stored secret. */
  redact: z.array(z.string().min(4).max(500)).default([]),
});
export type EstateConfig = z.infer<typeof EstateConfig>;

/** Roles that exist without being declared. */
export const DEFAULT_ROLES: Record<string, RoleSpec> = {
  viewer: { verbs: ['view', 'read', 'subscribe'] },
  operator: { verbs: ['view', 'read', 'subscribe', 'publish', 'run', 'deploy'] },
  approver: { verbs: ['view', 'read', 'subscribe', 'approve'] },
  admin: { verbs: ['view', 'read', 'subscribe', 'publish', 'run', 'deploy', 'approve', 'administer'] },
};
