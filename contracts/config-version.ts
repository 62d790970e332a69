import { z } from 'zod';
import { ArtifactRef } from './artifact.ts';
import { Digest } from './ids.ts';

/** A recorded version of one piece of configuration (`reeve.yaml` or `runbook:<id>`). */
export const ConfigVersionRef = z.object({
  config_name: z.string().min(1).max(200),
  /** Monotonic per `config_name`, from "1". */
  config_version: z.string().min(1).max(64),
  digest: Digest.optional(),
  ref: z.string().max(2048).optional(),
});
export type ConfigVersionRef = z.infer<typeof ConfigVersionRef>;

export const ConfigVersionBody = ConfigVersionRef.extend({ digest: Digest, artifact: ArtifactRef });
