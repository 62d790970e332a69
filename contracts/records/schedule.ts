import { z } from 'zod';
import { AttemptId, Digest, EnvironmentId, JobId, PersonId, ProjectId, Slug } from '../ids.ts';
import { ArtifactRef } from '../artifact.ts';

export const scheduleRecords = {
  /**
   * A schedule's definition came into force: slots before this record's time are none of its own. Those of the definition
   * before it have their records by then.
   */
  'schedule.defined': z.strictObject({
    schedule: Slug,
    digest: Digest,
    cron: z.string().max(120),
    timezone: z.string().max(64),
    dst: z
      .strictObject({
        gap: z.enum(['next', 'skip']).optional(),
        fold: z.enum(['first', 'second', 'both']).optional(),
      })
      .optional(),
  }),
  /**
   * The clock had stood ahead and was set back: slots after `to` come again, though records up to `from` stand here. What
   * ran then does not run twice.
   */
  'schedule.rewound': z.strictObject({ schedule: Slug, from: z.int().min(0), to: z.int().min(0) }),
  /** Until it is resumed, each of its slots is skipped and says so. */
  'schedule.paused': z.strictObject({ schedule: Slug, by: PersonId, reason: z.string().max(2000) }),
  'schedule.resumed': z.strictObject({ schedule: Slug, by: PersonId, reason: z.string().max(2000) }),
  /** Somebody wants these slots of the past run now: the intent for each of them. */
  'schedule.backfill': z.strictObject({
    schedule: Slug,
    slots: z.array(z.int().min(0)).min(1).max(100),
    by: PersonId,
    reason: z.string().max(2000),
  }),
  /** The intent to fire a slot, durable before anything is started; `schedule.slot` is its outcome. */
  'schedule.claimed': z.strictObject({ schedule: Slug, slot: z.int().min(0) }),
  /** Exactly one per slot, unless the clock was set back (`schedule.rewound`): ran (perhaps late) or skipped and why. `slot` is the planned time, ms. */
  'schedule.slot': z.strictObject({
    schedule: Slug,
    slot: z.int().min(0),
    outcome: z.enum(['ran', 'skipped', 'refused']),
    late_ms: z.int().min(0),
    why: z.string().max(500).optional(),
    job_id: JobId.optional(),
    /** This record stands for every slot from `slot` to here: more were missed than are listed one by one. */
    until: z.int().min(0).optional(),
    /** How many slots that is; older records do not say. Of more than 2,000 it is reckoned from how close those lie. */
    count: z.int().min(2).optional(),
    /** Somebody asked for it afterwards: being late says nothing. */
    backfill: z.literal(true).optional(),
  }),
  /** A known write before a backup's cut, or at the instant of the simulated disaster, so that a restored copy can be asked for it. */
  'drill.sentinel': z.strictObject({
    uuid: z.uuid(),
    job_id: JobId,
    at: z.enum(['before_cut', 'disaster']),
  }),
  /**
   * The simulated disaster of a restore: everything after this record's time counts as lost. `sentinel`: the newest mark
   * that stood in the live data then; null when none was written yet, absent when the drill uses none.
   */
  'drill.cut': z.strictObject({
    job_id: JobId,
    attempt_id: AttemptId,
    driver: Slug,
    sentinel: z
      .strictObject({ name: Slug, uuid: z.uuid(), at: z.int().min(0) })
      .nullable()
      .optional(),
  }),
  /** Verdict of one restore drill with its measured figures, ms. Null where it could not be measured. */
  'drill.result': z.strictObject({
    drill: Slug,
    job_id: JobId,
    /** Where it ran. */
    project: ProjectId.optional(),
    env: EnvironmentId.optional(),
    verdict: z.enum(['PASS', 'FAIL', 'UNKNOWN']),
    rpo_ms: z.int().min(0).nullable(),
    rto_ms: z.int().min(0).nullable(),
    objective_rpo_ms: z.int().min(0).nullable(),
    objective_rto_ms: z.int().min(0).nullable(),
    phases: z.record(Slug, z.int().min(0)),
    evidence: z.array(ArtifactRef).max(20),
    why: z.string().max(1000).optional(),
    /** The attempt it was measured in: one result per attempt. */
    attempt_id: AttemptId.optional(),
    /** Digest of the manifest of the backup that was restored. */
    backup: Digest.optional(),
  }),
} as const;
