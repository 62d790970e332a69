import { z } from 'zod';
import { Duration } from '../duration.ts';
import { EnvironmentId, ProjectId, Slug } from '../ids.ts';
import { Severity, SignalSource } from '../watch.ts';

/** Where messages go. The further keys are the kind's own; their schema stands beside its code in daemon/alerts/channels. */
export const ChannelSpec = z.looseObject({ kind: Slug });
export type ChannelSpec = z.infer<typeof ChannelSpec>;

/**
 * An alert's identity: `probe:web`, `schedule:nightly:late`. Nothing a shell or a chat could misread, since messages show
 * commands with it to be pasted.
 */
export const AlertKey = z
  .string()
  .max(200)
  .regex(
    /^[a-z][A-Za-z0-9:._/@=+-]*$/,
    'an alert key: letters, digits and : . _ / @ = + -, starting with a letter',
  );

/** Which alerts a route or a silence takes. Absent: all. */
export const AlertMatch = z.strictObject({
  keys: z.array(AlertKey).min(1).max(100).optional(),
  severities: z.array(Severity).min(1).optional(),
  sources: z.array(SignalSource).min(1).optional(),
  projects: z.array(ProjectId).min(1).optional(),
  environments: z.array(EnvironmentId).min(1).optional(),
  probes: z.array(Slug).min(1).optional(),
});
export type AlertMatch = z.infer<typeof AlertMatch>;

/** The first route that matches takes the alert, unless it says `continue`. */
export const RouteSpec = z.strictObject({
  match: AlertMatch.prefault({}),
  channels: z.array(Slug).min(1).max(10),
  /** When nobody has acknowledged it after so long, these hear of it, too. */
  escalate: z
    .array(z.strictObject({ after: Duration, channels: z.array(Slug).min(1).max(10) }))
    .max(10)
    .default([]),
  /** Said again so often while it is open. Absent: never. */
  remind: Duration.optional(),
  /** Alerts that come within this time are one message. */
  group_wait: Duration.default(10_000),
  continue: z.boolean().default(false),
});
export type RouteSpec = z.infer<typeof RouteSpec>;

export const AlertsSpec = z.strictObject({
  channels: z.record(Slug, ChannelSpec).default({}),
  routes: z.array(RouteSpec).max(100).default([]),
  /** A message that could not be delivered for so long is given up; another channel is told. */
  give_up: Duration.default(86_400_000),
  /** The mutual dead-man: pinged so often; when it cannot be reached an alert says so. `url` may be a secret's name. */
  heartbeat: z
    .strictObject({
      url: z.string().max(2000).optional(),
      secret: Slug.optional(),
      every: Duration.default(60_000),
    })
    .optional(),
});
export type AlertsSpec = z.infer<typeof AlertsSpec>;
