import { openAudit } from '../admission/audit.ts';
import { watchDrills } from '../drills/index.ts';
import type { Objectives } from '../drills/figures.ts';
import { sweepDatabases, sweepServers } from '../drills/sweep.ts';
import type { Drivers } from './drivers.ts';
import type { Engine } from '../jobs/engine.ts';
import type { Releasers } from '../lifecycle.ts';
import { keepNotes, type NotesDeps } from './notes.ts';
import { keepReminding } from './reminders.ts';
import { writeReport, type ReportDeps } from './reports.ts';
import type { Alerts } from '../ports/alerts.ts';
import type { Config } from '../ports/config.ts';
import type { Runbooks } from '../ports/runbooks.ts';
import type { Store } from './store.ts';

interface KeeperDeps extends Omit<NotesDeps, 'clock' | 'ledger' | 'jobs'> {
  store: Store;
  config: Config;
  runbooks: Runbooks;
  zones: ReportDeps['zones'];
  jobs: Engine;
  drivers: Drivers;
  alerts: Alerts;
}

/** What keeps the books beside the work: audit mirror, drill results, the jobs themselves, NOTES.md. */
export async function startKeepers(deps: KeeperDeps, releasers: Releasers): Promise<void> {
  const { store, config, runbooks, zones, jobs, warn } = deps;
  const { clock, ledger, state, artifacts, fs, home, log } = store;
  const audit = await openAudit({ fs, path: home.audit, ledger, warn: (why) => log.warn(why) });
  releasers.push('audit mirror', () => audit.close());
  const watch = watchDrills({
    ledger,
    state,
    artifacts,
    warn,
    objectives: (runbook, digest) => objectivesOf({ runbooks, artifacts }, runbook, digest),
    async writeReport(name, text) {
      await writeReport({ fs, zones, root: config.current().root }, name, text);
    },
  });
  releasers.push('drill results', () => watch.stop());
  const sweep = {
    clock,
    leftovers: deps.drivers.deps.leftovers,
    secret: (name: string) => store.secrets.get(name),
    note: (message: string, fields: Record<string, unknown>) => log.info(message, fields),
    warn,
  };
  // Before the jobs, which clear the scratch folders that tell whose processes these are.
  await sweepServers(sweep);
  const swept = sweepDatabases(sweep).catch((error: unknown) => warn('what drills had left', error));
  releasers.push('leftovers', () => swept);
  deps.drivers.sentinels.start(releasers, deps);
  await jobs.start();
  releasers.push('jobs', () => jobs.stop(3000));
  const notes = keepNotes({ ...deps, clock, ledger });
  releasers.push('notes', () => notes.stop());
  const reminders = keepReminding({ clock, ledger, grants: deps.grants, warn });
  releasers.push('reminders', () => reminders.stop());
}

/** Of the version that ran: the file as it is, or as it was recorded before it ran. Null when neither can be read. */
async function objectivesOf(
  { runbooks, artifacts }: { runbooks: Runbooks; artifacts: Store['artifacts'] },
  name: string,
  digest: string,
): Promise<Objectives | null> {
  let found = await runbooks.get(name).catch(() => undefined);
  if (found?.digest !== digest) {
    const bytes = await artifacts.get(digest).catch(() => undefined);
    if (bytes === undefined) return null;
    const { loadRunbook } = await import('../runbook/load.ts');
    found = (await loadRunbook(bytes, `runbook ${name}`, name)).runbook;
  }
  if (found === undefined) return null;
  const { rpo = null, rto = null } = found.front.objectives ?? {};
  return { rpo_ms: rpo, rto_ms: rto };
}
