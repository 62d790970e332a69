import type { ConfigVersionRef } from '../../contracts/config-version.ts';
import type { Artifacts } from '../ports/artifacts.ts';
import type { Ledger } from '../ports/ledger.ts';
import type { Projection, StateView } from '../ports/state.ts';

/** Newest version of one configuration. */
export interface ConfigVersionRow {
  config_name: string;
  config_version: string;
  /** `sha256:` over the file's bytes: at the same time the digest of the artifact that holds them. */
  digest: string;
  /** Seq and time (ms) of the record. */
  seq: number;
  at: number;
}

/** config_name → newest version. Older ones are in the ledger. */
export const configVersionsProjection: Projection<Record<string, ConfigVersionRow>> = {
  name: 'configVersions',
  version: 1,
  initial: () => ({}),
  apply(state, record) {
    if (record.type !== 'config.version') return state;
    const { config_name, config_version, digest } = record.body;
    // The prefix keeps any name an ordinary key.
    state[`=${config_name}`] = { config_name, config_version, digest, seq: record.seq, at: record.ts };
    return state;
  },
};

/** Newest versions, sorted by name. */
export const configVersions = (state: StateView): ConfigVersionRow[] =>
  Object.values(state.get(configVersionsProjection)).toSorted((a, b) =>
    a.config_name < b.config_name ? -1 : 1,
  );

export interface VersionDeps {
  ledger: Ledger;
  state: StateView;
  artifacts: Artifacts;
}

/** Something whose versions are recorded: `reeve.yaml`, or `runbook:<id>`. */
export interface Versioned {
  config_name: string;
  digest: string;
  bytes: Uint8Array;
  mediaType: string;
}

export const estateVersion = (estate: { digest: string; bytes: Uint8Array }): Versioned => ({
  config_name: 'reeve.yaml',
  digest: estate.digest,
  bytes: estate.bytes,
  mediaType: 'application/yaml',
});

export const runbookVersion = (runbook: {
  front: { runbook: string };
  digest: string;
  text: string;
}): Versioned => ({
  config_name: `runbook:${runbook.front.runbook}`,
  digest: runbook.digest,
  bytes: Buffer.from(runbook.text),
  mediaType: 'text/markdown',
});

/**
 * Records what differs from its newest recorded version: the bytes as an artifact, then a `config.version` record with the
 * next number. Returns the new versions; durable when it resolves. Rejects as the ledger and the artifact store do.
 */
export async function recordVersions(
  { ledger, state, artifacts }: VersionDeps,
  all: readonly Versioned[],
): Promise<ConfigVersionRef[]> {
  const recorded: ConfigVersionRef[] = [];
  for (const { config_name, digest, bytes, mediaType } of all) {
    const newest = (): ConfigVersionRow | undefined => state.get(configVersionsProjection)[`=${config_name}`];
    if (newest()?.digest === digest) continue;
    const artifact = await artifacts.put(bytes, { mediaType, name: config_name.replace(':', '-') });
    for (;;) {
      const last = newest();
      if (last?.digest === digest) break;
      const body = {
        config_name,
        config_version: String(Number(last?.config_version ?? 0) + 1),
        digest,
        ref: artifact.ref,
        artifact,
      };
      // Another caller may have taken the number since: then count again.
      let taken = false;
      const guard = (): void => {
        if (newest()?.seq === last?.seq) return;
        taken = true;
        throw new Error('the version number was taken');
      };
      try {
        await ledger.append('config.version', body, { guard });
        recorded.push({ config_name, config_version: body.config_version, digest, ref: artifact.ref });
        break;
      } catch (error) {
        if (!taken) throw error;
      }
    }
  }
  return recorded;
}
