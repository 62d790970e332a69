import { sha256Hex } from '../digest.ts';

/** A release, as it is called towards GitHub: the same version that is cut anew from another commit is another one. */
export const releaseId = ({
  project,
  version,
  commit,
}: {
  project: string;
  version: string;
  commit: string;
}): string => `rel_${sha256Hex([project, version, commit].join('\n')).slice(0, 24)}`;
