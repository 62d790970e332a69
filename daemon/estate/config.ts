import path from 'node:path';
import { ReeveError, fail } from '../../contracts/errors.ts';
import { EnvironmentSpec } from '../../contracts/estate.ts';
import { NO_ENVIRONMENT } from '../../contracts/ids.ts';
import { digestOf } from '../digest.ts';
import { own } from '../own.ts';
import type { Config, Estate } from '../ports/config.ts';
import type { Clock } from '../ports/clock.ts';
import type { EstateCheck } from '../ports/estate-check.ts';
import { checkEstate, loadEstate, readFile, type LoadedEstate } from './load.ts';
import { estateVersion, recordVersions, type VersionDeps } from './versions.ts';
import { watchFile } from './watch.ts';

export interface ConfigDeps extends VersionDeps {
  clock: Clock;
  /** What features know of their own parts of the file. */
  checks?: readonly EstateCheck[];
  /** Told of what happened by itself: a version taken into use, a refused one. */
  tell(level: 'info' | 'warn', message: string, fields: Record<string, unknown>): void;
}

/** One mistake or warning of the file as it is now. */
interface FileProblem {
  /** `reeve.yaml:12:3` */
  at: string;
  message: string;
  severity: 'error' | 'warning';
}

/** The configuration in force, and what brings the next version into force. */
export interface LiveConfig extends Config {
  /**
   * Reads the file now. A valid new version is recorded, then in force, then listeners are told. Rejects `CONFIG_INVALID`
   * (after a `config.refused` record, one per refused version) and `CONFIG_NOT_FOUND`; the running version stays then.
   */
  reload(): Promise<{ changed: boolean; digest: string }>;
  /** All mistakes and warnings of the file as it is now; takes nothing into use. */
  check(): Promise<FileProblem[]>;
  /** Reloads by itself when the file changes, until the returned function is called. */
  watch(): () => void;
}

const NOWHERE: EnvironmentSpec = Object.freeze(EnvironmentSpec.parse({}));

/** How an estate is read; see Config. */
export function reading(current: () => LoadedEstate): Pick<Config, 'current' | 'project' | 'environment'> {
  const project = (id: string) => {
    const { projects } = current().config;
    const found = own(projects, id);
    if (found !== undefined) return found;
    throw fail('PROJECT_UNKNOWN', { project: id, known: Object.keys(projects).join(', ') });
  };
  return {
    current,
    project,
    environment(id, env) {
      const { environments } = project(id);
      if (env === NO_ENVIRONMENT) return NOWHERE;
      const found = own(environments, env);
      if (found !== undefined) return found;
      throw fail('ENVIRONMENT_UNKNOWN', { project: id, env, known: Object.keys(environments).join(', ') });
    },
  };
}

/** @param initial In force at first; its version is recorded by the first `recordVersions`. */
export function createConfig(initial: LoadedEstate, deps: ConfigDeps): LiveConfig {
  let current: LoadedEstate = initial;
  let refused: { digest: string; problems: string[] } | undefined;
  let queue: Promise<unknown> = Promise.resolve();
  const listeners = new Set<(estate: Estate) => void>();
  const { file } = initial;

  async function reloadNow(): Promise<{ changed: boolean; digest: string }> {
    let next: LoadedEstate;
    try {
      next = await loadEstate(file, deps.checks);
    } catch (error) {
      if (error instanceof ReeveError && error.code === 'CONFIG_INVALID') await refuse(error);
      throw error;
    }
    if (next.digest === current.digest) {
      if (refused !== undefined)
        await deps.ledger.append('config.restored', { config_name: 'reeve.yaml', digest: next.digest });
      refused = undefined;
      return { changed: false, digest: next.digest };
    }
    refused = undefined;
    await recordVersions(deps, [estateVersion(next)]);
    current = next;
    deps.tell('info', 'a new version of reeve.yaml is in force', {
      digest: next.digest,
      warnings: next.warnings,
    });
    for (const listener of listeners) {
      try {
        listener(next);
      } catch (error) {
        deps.tell('warn', 'a listener of the configuration failed', { error });
      }
    }
    return { changed: true, digest: next.digest };
  }

  async function refuse(invalid: ReeveError): Promise<void> {
    const digest = digestOf(await bytesNow());
    if (refused?.digest === digest) return;
    const problems = (invalid.more ?? [invalid.message]).map((line) => line.slice(0, 500));
    await deps.ledger.append('config.refused', { config_name: 'reeve.yaml', digest, problems });
    refused = { digest, problems };
    deps.tell('warn', 'reeve.yaml was refused; the running version stays', { digest, problems });
  }

  /** Of a file that cannot even be read: none, so that the refusal is recorded all the same. */
  async function bytesNow(): Promise<Uint8Array> {
    try {
      return await readFile(file);
    } catch {
      return new Uint8Array();
    }
  }

  const reload = (): Promise<{ changed: boolean; digest: string }> => {
    const turn = queue.then(reloadNow);
    queue = turn.catch(() => {});
    return turn;
  };

  async function reloadByItself(): Promise<void> {
    try {
      await reload();
    } catch (error) {
      // A refused version was told already.
      if (error instanceof ReeveError && error.code === 'CONFIG_INVALID') return;
      deps.tell('warn', 'reeve.yaml could not be read again', { error });
    }
  }

  return {
    ...reading(() => current),
    onChange(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    refused: () => refused?.problems ?? [],
    reload,
    async check() {
      const { problems } = await checkEstate(await readFile(file), deps.checks);
      return problems.map(({ line, col, message, severity }) => ({
        at: `${path.basename(file)}:${line}:${col}`,
        message,
        severity,
      }));
    },
    watch: () => watchFile(file, deps.clock, () => void reloadByItself()),
  };
}
