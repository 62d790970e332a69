import type { Actor } from '../../contracts/admin.ts';
import type { Anchor } from '../../contracts/job.ts';
import type { JsonObject } from '../../contracts/json.ts';

/** Work that no person asks for: what the file of the estate, accepted as a mandate, allows. */
export interface Unattended {
  /** `schedule:<name>`, `heal:<name>` … */
  mandate: string;
  /** What wants it; stands in the records as the way it came. */
  via: Actor['via'];
  runbook: string;
  project: string;
  env: string;
  inputs: JsonObject;
  /** See `PlanRequest`. */
  part?: 'rollback';
  /** Makes the job's identity: the same slot twice is one job. */
  anchor: Anchor;
  reason: string;
}
