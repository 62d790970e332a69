import { lstat, realpath } from 'node:fs/promises';
import path from 'node:path';
import { ReeveError, fail } from '../../contracts/errors.ts';
import { errno, makeFolder, readWhole, replaceDurably } from '../durable.ts';
import { own } from '../own.ts';
import type { Artifacts } from '../ports/artifacts.ts';
import type { Clock } from '../ports/clock.ts';
import type { Config } from '../ports/config.ts';
import type { Fs } from '../ports/fs.ts';
import type { Ledger } from '../ports/ledger.ts';
import type { People } from '../ports/people.ts';
import type { StateView } from '../ports/state.ts';
import type { StepServices } from '../ports/steps.ts';
import { syncJobs } from '../sync/index.ts';
import { syncKey, syncProjection } from '../sync/projection.ts';
import type { SyncDeps } from '../sync/sync.ts';

/** Files of people that are read and written as a whole, bytes. */
const MAX_FILE = 16 * 1024 * 1024;

export interface SyncStepDeps {
  artifacts: Pick<Artifacts, 'put'>;
  clock: Clock;
  config: Config;
  fs: Fs;
  ledger: Ledger;
  people: Pick<People, 'allowsEverywhere'>;
  state: StateView;
  zones: { checkWrite(file: string, options?: { confirmed?: boolean }): Promise<string> };
  clean(text: string): string;
}

/** The sync step: runs a job of daemon/sync from its cursor. */
export async function syncStep(
  deps: SyncStepDeps,
  { sync, scope, since, dryRun, files, job, signal, log }: Parameters<StepServices['sync']>[0],
): ReturnType<StepServices['sync']> {
  const { artifacts, clock, config, ledger, people, state, clean } = deps;
  const found = syncJobs.find(({ name }) => name === sync);
  if (found === undefined) throw fail('SYNC_UNKNOWN', { sync, help: '`reeve sync list` shows them.' });
  const { requested_by, anchor, job_id } = job;
  // As for a report: a slot runs under a mandate that somebody accepted for just this.
  if (scope === 'estate' && anchor.kind !== 'slot' && !people.allowsEverywhere(requested_by, 'view'))
    throw fail('FORBIDDEN', { person: requested_by, verb: 'view', where: 'every project' });
  const project = scope === 'project' ? job.project : undefined;
  const result = await found.run(
    {
      job: job_id,
      project,
      files,
      since,
      dryRun,
      cursor: own(state.get(syncProjection), syncKey(sync, project))?.cursor,
      signal,
      log,
      async advance(cursor, counts, conflicts) {
        await ledger.append('sync.advanced', {
          sync,
          ...(project === undefined ? {} : { project }),
          job: job_id,
          cursor,
          counts,
          conflicts: conflicts.slice(0, 50).map((one) => clean(one).slice(0, 300)),
        });
      },
    },
    {
      clock,
      ledger,
      state,
      estate: config.current().config,
      root: config.current().root,
      clean,
      ...filesOf(deps, job.confirmed === true),
    },
  );
  const { document } = result;
  const artifact = await artifacts.put(Buffer.from(document.text), {
    mediaType: document.mediaType,
    name: document.name,
  });
  return { ...result, artifact };
}

/** Files of people, through the zones. */
function filesOf(
  { config, fs, zones }: SyncStepDeps,
  confirmed: boolean,
): Pick<SyncDeps, 'read' | 'write' | 'source'> {
  const refuse = (file: string, why: string, cause?: unknown): Error =>
    fail('SYNC_FILE', { file, why }, { cause });
  async function look(file: string): Promise<{ real: string; text: string | undefined }> {
    const real = await zones.checkWrite(path.resolve(config.current().root, file), { confirmed });
    const bytes = await readWhole(fs, real, MAX_FILE).catch((error: unknown) => {
      throw refuse(file, 'it cannot be read, or is larger than 16 MiB', error);
    });
    if (bytes === undefined) return { real, text: undefined };
    const text = bytes.toString('utf8');
    // Writing back what was no text would destroy it.
    if (!Buffer.from(text).equals(bytes)) throw refuse(file, 'it is not UTF-8');
    return { real, text };
  }
  return {
    async source(file) {
      const root = await realpath(config.current().root);
      try {
        const real = await realpath(path.resolve(root, file));
        if (!real.startsWith(root + path.sep)) throw refuse(file, 'it leads out of the estate');
        const bytes = await readWhole(fs, real, MAX_FILE);
        if (bytes !== undefined) return bytes;
      } catch (error) {
        if (error instanceof ReeveError) throw error;
        throw refuse(file, 'it cannot be read', error);
      }
      throw refuse(file, 'it is not there');
    },
    read: async (file) => (await look(file)).text,
    async write(file, text, before) {
      const { real, text: now } = await look(file);
      if (now !== before) throw refuse(file, 'somebody has changed it in the meantime');
      await makeFolder(fs, path.dirname(real), 0o755);
      await replaceDurably(fs, real, Buffer.from(text), await modeOf(real));
    },
  };
}

async function modeOf(file: string): Promise<number> {
  try {
    return (await lstat(file)).mode & 0o777;
  } catch (error) {
    if (errno(error) === 'ENOENT') return 0o644;
    throw error;
  }
}
