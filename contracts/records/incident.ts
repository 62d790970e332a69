import { z } from 'zod';
import { ArtifactRef } from '../artifact.ts';
import { EnvironmentId, IncidentId, JobId, PersonId, ProjectId, Slug } from '../ids.ts';
import { Severity, SignalSource } from '../watch.ts';

const Text = z.string().max(4000);
const Why = z.string().max(500);

export const incidentRecords = {
  'incident.opened': z.strictObject({
    id: IncidentId,
    title: z.string().min(1).max(200),
    severity: Severity,
    source: SignalSource,
    /** What makes it one incident: `probe:web`, `deploy:shop/prod`, `person:…`. One open incident per cause. */
    cause: z.string().min(1).max(200),
    project: ProjectId,
    env: EnvironmentId,
    probe: Slug.optional(),
    job: JobId.optional(),
    text: Text,
    /** When the trouble began, as far as is known, ms. The record's own time is the detection. */
    began: z.int().min(0),
    by: PersonId,
  }),
  'incident.acknowledged': z.strictObject({ id: IncidentId, by: PersonId, note: Text }),
  /** `interaction`: what it was said in; one interaction is one note. */
  'incident.noted': z.strictObject({
    id: IncidentId,
    by: PersonId,
    text: Text,
    interaction: z.string().max(200).optional(),
  }),
  /** Something that belongs to it: the deployment that caused it (explicitly, never guessed), a heal, another incident. */
  'incident.linked': z.strictObject({
    id: IncidentId,
    kind: z.enum(['caused_by', 'fixed_by', 'heal', 'related']),
    job: JobId.optional(),
    incident: IncidentId.optional(),
    by: PersonId,
  }),
  'incident.resolved': z.strictObject({
    id: IncidentId,
    by: PersonId,
    why: Text,
    /** When the trouble ended, ms. */
    ended: z.int().min(0),
  }),
  /** The same cause again, shortly after: the incident goes on instead of a new one. */
  'incident.reopened': z.strictObject({ id: IncidentId, why: Text, by: PersonId }),
  'incident.reviewed': z.strictObject({
    id: IncidentId,
    by: PersonId,
    summary: Text,
    actions: z.array(z.strictObject({ text: z.string().max(500), owner: z.string().max(100) })).max(50),
  }),
  'incident.postmortem': z.strictObject({
    id: IncidentId,
    artifact: ArtifactRef,
    /** The file, relative to the estate; null when it may not be written there. The artifact has it in any case. */
    path: z.string().max(1000).nullable(),
    /** Written after the review; before, it is a draft. */
    final: z.boolean(),
  }),
  /**
   * A healing rule was looked at: what it decided and why. Durable before the runbook starts. `waits`: something that
   * passes (maintenance, a halt, another heal) keeps it from acting. Any other decision about the same `n` takes a `run`
   * back that had started nothing.
   */
  'heal.decided': z.strictObject({
    incident: IncidentId,
    rule: Slug,
    decision: z.enum(['run', 'waits', 'budget_spent', 'breaker_open', 'not_allowed', 'recovered']),
    why: Why,
    /** The heals of this incident are counted from 1; with the incident it makes the job's identity. 0: none was begun. */
    n: z.int().min(0),
  }),
  'heal.started': z.strictObject({ incident: IncidentId, rule: Slug, job: JobId }),
  /** The runbook has ended and the probe was asked. Not `up`: the rollback follows, also after a crash. */
  'heal.verified': z.strictObject({
    incident: IncidentId,
    rule: Slug,
    job: JobId,
    up: z.boolean(),
    why: Why,
  }),
  /** What came of it: the probe was asked, not the runbook's exit code alone. */
  'heal.ended': z.strictObject({
    incident: IncidentId,
    rule: Slug,
    job: JobId,
    outcome: z.enum(['healed', 'failed', 'unknown']),
    why: Why,
    /** `no`: there was nothing to roll back, or nothing to do it with. */
    rolled_back: z.enum(['no', 'done', 'failed']),
  }),
  /** The rule heals nothing more until a person closes its breaker. */
  'heal.breaker_opened': z.strictObject({ rule: Slug, incident: IncidentId, why: Why }),
  /** Its budget starts anew, too. */
  'heal.breaker_closed': z.strictObject({ rule: Slug, by: PersonId, reason: z.string().max(2000) }),
} as const;
