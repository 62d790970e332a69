import { z } from 'zod';
import { Digest } from './ids.ts';

/**
 * By-ref locator for content-addressed bytes. `ref`, `digest`, `digest_alg`, `schema_version`, `size_bytes` are the names
 * of the run/operate contract; `mediaType`, `digest` and `size` are those of an OCI content descriptor (image-spec v1.1),
 * so a ref can be handed to OCI tools as it is.
 */
export const ArtifactRef = z.object({
  /** `artifact:<digest>` or, outside this store, any URI. */
  ref: z.string().min(1).max(2048),
  digest: Digest.optional(),
  digest_alg: z.literal('sha256').optional(),
  schema_version: z.string().max(64).optional(),
  size_bytes: z.int().min(0).optional(),
  mediaType: z.string().max(255).optional(),
  size: z.int().min(0).optional(),
  /** A file name for people; never used as a path. */
  name: z.string().max(255).optional(),
});
export type ArtifactRef = z.infer<typeof ArtifactRef>;
