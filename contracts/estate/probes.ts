import { z } from 'zod';
import { EnvironmentId, ProjectId, Slug } from '../ids.ts';
import { Duration } from '../duration.ts';
import { Severity } from '../watch.ts';

/**
 * What every probe has, whatever its kind. The further keys are the kind's own: their schema stands beside its code in
 * daemon/probes/kinds, and the estate's check reads them with it (unknown keys are mistakes there, too).
 */
export const ProbeSpec = z.looseObject({
  kind: Slug,
  title: z.string().max(100).optional(),
  project: ProjectId,
  env: EnvironmentId,
  interval: Duration.default(20_000),
  /** One run takes at most this long; below the interval. */
  timeout: Duration.default(5_000),
  /** So many bad verdicts in a row before the state changes for the worse. */
  failures: z.int().min(1).max(100).default(3),
  /** So many good ones in a row before it is up again. */
  successes: z.int().min(1).max(100).default(2),
  severity: Severity.default('page'),
  /** Probes whose failure explains this one's: then there is one incident, theirs. */
  depends_on: z.array(Slug).max(20).default([]),
  enabled: z.boolean().default(true),
});
export type ProbeSpec = z.infer<typeof ProbeSpec>;

/** A window in which failures are expected: recorded and shown, no incident, no alert. Either recurring or once. */
export const MaintenanceSpec = z.strictObject({
  title: z.string().max(100).optional(),
  /** Absent: every probe (of the projects). */
  probes: z.array(Slug).max(1000).optional(),
  projects: z.array(ProjectId).max(100).optional(),
  /** Cron line of the beginnings, with `duration`. */
  cron: z.string().max(120).optional(),
  duration: Duration.optional(),
  timezone: z.string().max(64).default('UTC'),
  /** Or one window, local times of `timezone`: `2026-12-01T22:00`. */
  from: z.string().max(32).optional(),
  until: z.string().max(32).optional(),
});
export type MaintenanceSpec = z.infer<typeof MaintenanceSpec>;

/** What all probes share. */
export const WatchSpec = z.strictObject({
  /** Places outside, `host:port`: when none of them can be reached, it is our own network that is down. */
  uplink: z.array(z.string().max(300)).max(10).default([]),
  /** The event loop was blocked for longer: verdicts of that time prove nothing. */
  loop_lag: Duration.default(500),
  /** How long samples are kept. */
  retention: Duration.default(30 * 86_400_000),
});
export type WatchSpec = z.infer<typeof WatchSpec>;
