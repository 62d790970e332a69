import type { ArtifactRef } from '../../contracts/artifact.ts';

/** Content-addressed bytes. What is stored under a digest never changes (create-only) and is re-hashed on read. */
export interface Artifacts {
  /** Durable when it resolves. Storing the same bytes twice is one artifact. */
  put(
    data: Uint8Array | AsyncIterable<Uint8Array>,
    meta: { mediaType: string; name?: string },
  ): Promise<ArtifactRef>;
  /** The bytes, checked against the digest. Rejects `ARTIFACT_NOT_FOUND`, `ARTIFACT_CORRUPT`. */
  get(digest: string): Promise<Uint8Array>;
  /** A stream checked against the digest: the last chunk is only delivered when the digest matches. */
  stream(digest: string): AsyncIterable<Uint8Array>;
  has(digest: string): Promise<boolean>;
}
