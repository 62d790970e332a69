import type { Anchor } from '../../contracts/job.ts';
import type { Plan } from '../../contracts/plan.ts';
import { canonical } from '../canonical.ts';
import { digestOf, sha256Hex } from '../digest.ts';

/**
 * `job_` + the first 32 hex digits of SHA-256 over the RFC 8785 form of what the job is derived from (DESIGN §6). Nothing
 * of the moment goes in: the same plan and anchor is the same job, on any machine, at any time.
 */
export function jobIdOf(plan: Plan, anchor: Anchor): string {
  const { runbook, runbook_digest, inputs, config_version, project, env, targets, action } = plan;
  const { kind, id } = anchor;
  const identity = {
    runbook,
    runbook_digest,
    inputs,
    config_version,
    anchor: { kind, id },
    project,
    env,
    targets,
    action,
  };
  return `job_${sha256Hex(canonical(identity)).slice(0, 32)}`;
}

/** SHA-256 over the plan's RFC 8785 form: what is confirmed, approved and held against the grant. */
export const planDigestOf = (plan: Plan): string => digestOf(canonical(plan));

/** The capability a job runs under. */
export const capOf = ({ action, env }: { action: string; env: string }): string => `${action}:${env}`;

export const attemptIdOf = (jobId: string, fence: number): string => `${jobId}.${fence}`;

/** The job an attempt belongs to. */
export const jobOf = (attemptId: string): string => attemptId.slice(0, attemptId.indexOf('.'));

/** Milliseconds as RFC 3339 UTC with milliseconds. */
export const utc = (ms: number): string => new Date(ms).toISOString();

/** Freezes a value and everything in it: what was checked is what runs. */
export function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    for (const member of Object.values(value)) deepFreeze(member);
  }
  return value;
}
