import type { EstateConfig, EnvironmentSpec, ProjectSpec } from '../../contracts/estate.ts';

/** The validated, frozen estate. Replaced as a whole when a new version is accepted by the loader. */
export interface Estate {
  config: EstateConfig;
  /** `sha256:` over reeve.yaml's bytes. */
  digest: string;
  /** Folder of reeve.yaml: the root that relative paths and citations refer to. Absolute. */
  root: string;
  /** Path of reeve.yaml. */
  file: string;
}

/** The configuration in force. */
export interface Config {
  current(): Estate;
  /** Rejects PROJECT_UNKNOWN. */
  project(id: string): ProjectSpec;
  /** Rejects PROJECT_UNKNOWN, ENVIRONMENT_UNKNOWN. `none` is valid everywhere and has no approvals. */
  environment(project: string, env: string): EnvironmentSpec;
  /**
   * Mistakes, as `reeve.yaml:12:3: …`, for which the file as it was last read did not come into force; empty when what
   * stands in the file is in force. Absent where the file is read but once.
   */
  refused?(): readonly string[];
  /** Called after a new version is in force. */
  onChange(listener: (estate: Estate) => void): () => void;
}
