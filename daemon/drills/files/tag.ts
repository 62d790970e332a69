import type { Snapshot } from './restic.ts';

const TAG = /^reeve-checkpoint-([0-9a-f]{64})$/;

/** A snapshot's tag that names its checkpoint. */
export const checkpointTag = (digest: string): string => `reeve-checkpoint-${digest.replace(/^sha256:/, '')}`;

export function checkpointOf({ tags }: Snapshot): string | undefined {
  const hex = (tags ?? []).map((tag) => TAG.exec(tag)?.[1]).find((found) => found !== undefined);
  return hex === undefined ? undefined : `sha256:${hex}`;
}
