import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { digestOf } from '../digest.ts';
import { recordVersions, runbookVersion, watchFolder } from '../estate/index.ts';
import type { Config } from '../ports/config.ts';
import type { Runbooks } from '../ports/runbooks.ts';
import type { Store } from './store.ts';

interface WatchDeps {
  store: Pick<Store, 'artifacts' | 'clock' | 'ledger' | 'state'>;
  config: Config;
  runbooks: Runbooks;
  mandates: { refresh(): Promise<unknown> };
  warn(what: string, error: unknown): void;
}

/**
 * Every change of a runbook is seen when it is made: a valid one becomes a recorded version, a mistake a `config.refused`
 * record with its lines, and mandates over what changed are suspended. Returns stop, which waits for what is under way.
 */
export function watchRunbooks(deps: WatchDeps): () => Promise<void> {
  const { store, config, runbooks, mandates, warn } = deps;
  const told = new Set<string>();
  let busy: Promise<void> = Promise.resolve();

  async function look(): Promise<void> {
    await recordVersions(store, (await runbooks.list()).map(runbookVersion));
    const byFile = new Map<string, string[]>();
    for (const { at, message, severity } of await runbooks.lint()) {
      if (severity !== 'error') continue;
      const file = at.replace(/:\d+$/, '');
      byFile.set(file, [...(byFile.get(file) ?? []), `${at}: ${message}`.slice(0, 500)]);
    }
    for (const [file, problems] of byFile) {
      const bytes = await readFile(path.resolve(config.current().root, file)).catch(() => undefined);
      if (bytes === undefined) continue;
      const digest = digestOf(bytes);
      if (told.has(`${file} ${digest}`)) continue;
      told.add(`${file} ${digest}`);
      const config_name = `runbook:${path.basename(file, '.md')}`.slice(0, 200);
      await store.ledger.append('config.refused', { config_name, digest, problems: problems.slice(0, 50) });
    }
    await mandates.refresh();
  }
  const changed = (): void => {
    busy = busy.then(look).catch((error: unknown) => warn('a change of the runbooks', error));
  };
  const folder = (): string => path.resolve(config.current().root, config.current().config.runbooks.path);
  let watched = folder();
  let stop = watchFolder(watched, store.clock, changed);
  const leave = config.onChange(() => {
    if (folder() !== watched) {
      stop();
      watched = folder();
      stop = watchFolder(watched, store.clock, changed);
    }
    changed();
  });
  return async () => {
    leave();
    stop();
    await busy;
  };
}
