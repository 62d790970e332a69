import { ReeveError, fail } from '../../contracts/errors.ts';
import { digestOf } from '../digest.ts';
import type { Artifacts } from '../ports/artifacts.ts';
import type { Clock } from '../ports/clock.ts';
import type { Config } from '../ports/config.ts';
import type { Ledger } from '../ports/ledger.ts';
import type { StateView } from '../ports/state.ts';
import { oneLine } from '../text.ts';
import { ManifestTaker, compareManifests, readManifest, writeManifest, type Manifest } from './manifest.ts';
import { zonesProjection, type ZonesState } from './projection.ts';
import { checkWrite } from './write.ts';

export interface ZoneDeps {
  config: Pick<Config, 'current'>;
  ledger: Ledger;
  state: StateView;
  artifacts: Artifacts;
  clock: Clock;
  warn(message: string, fields: Record<string, unknown>): void;
}

/** The zones of the estate in force (DESIGN §8). */
export interface Zones {
  /** The real path that a write would reach. Rejects `ZONE_REFUSED`. */
  checkWrite(file: string, options?: { confirmed?: boolean }): Promise<string>;
  /**
   * Before each operation: is the system zone as it was accepted? The first look accepts what it finds. A drift is
   * recorded once; `strict` then rejects `ZONE_DRIFT`, `warn` goes on, `off` does not look.
   */
  integrity(): Promise<void>;
  /** Takes the system zone as it is now as the right one; durable when it resolves. */
  accept(by: string): Promise<{ digest: string; files: number }>;
  /** What differs from what was accepted, as `+ - ~` and a path. */
  drift(): Promise<string[]>;
}

export function openZones({ config, ledger, state, artifacts, clock, warn }: ZoneDeps): Zones {
  const taker = new ManifestTaker();
  const accepted = (): ZonesState['accepted'] => state.get(zonesProjection).accepted;
  let told = '';
  let first: Promise<unknown> | undefined;

  const take = (): Promise<Manifest> => {
    const { root, config: estate } = config.current();
    return taker.take(root, estate.zones.system, clock.now());
  };

  async function accept(by: string, manifest: Manifest): Promise<{ digest: string; files: number }> {
    const bytes = writeManifest(manifest);
    const { digest } = await artifacts.put(bytes, {
      mediaType: 'application/json',
      name: 'system-zone.json',
    });
    const body = { digest: digest ?? digestOf(bytes), files: Object.keys(manifest).length };
    await ledger.append('zone.accepted', { ...body, by });
    told = '';
    return body;
  }

  async function differences(manifest: Manifest): Promise<string[]> {
    const before = accepted();
    if (before === null || before.digest === digestOf(writeManifest(manifest))) return [];
    try {
      return compareManifests(readManifest(await artifacts.get(before.digest)), manifest);
    } catch (error) {
      if (!(error instanceof ReeveError)) throw error;
      // The manifest is gone or damaged, so nobody can say which files: all of them.
      return Object.keys(manifest).map((file) => `~ ${file}`);
    }
  }

  return {
    checkWrite(file, { confirmed = false } = {}) {
      const { root, config: estate } = config.current();
      const projects = Object.values(estate.projects).map((project) => project.path);
      return checkWrite(root, estate.zones, file, confirmed, projects);
    },
    async integrity() {
      const mode = config.current().config.zones.integrity;
      if (mode === 'off') return;
      const manifest = await take();
      if (accepted() === null) {
        // Many may look at once; one accepts. When it cannot be recorded, the next look tries again.
        await (first ??= accept('daemon', manifest).finally(() => (first = undefined)));
        return;
      }
      const drift = await differences(manifest);
      if (drift.length === 0) return;
      const files = drift.slice(0, 100).map((line) => oneLine(line, 300));
      const seen = `${mode} ${digestOf(writeManifest(manifest))}`;
      if (told !== seen) {
        told = seen;
        await ledger.append('zone.drift', { mode, files });
        warn('the system zone changed since it was accepted', { mode, files });
      }
      if (mode === 'strict') {
        const more = drift.length > 10 ? ` and ${drift.length - 10} more` : '';
        throw fail(
          'ZONE_DRIFT',
          { files: files.slice(0, 10).join(', ') + more },
          { more: files.slice(0, 50) },
        );
      }
    },
    accept: async (by) => accept(by, await take()),
    drift: async () => differences(await take()),
  };
}
