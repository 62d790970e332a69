import { z } from 'zod';
import { fail } from '../../../contracts/errors.ts';
import type { DriverContext } from '../driver.ts';
import { absolute } from '../options.ts';
import { lastWords, runProgram, type ProgramDeps, type Ran } from '../programs.ts';
import type { RepositoryOptions } from './options.ts';

/** A restic repository that is open for the length of one step. */
export interface Restic {
  /** For people: without credentials. */
  shown: string;
  /** Local folder, when it is one. */
  folder: string | undefined;
  /** Runs restic; rejects with a BACKUP_REPOSITORY_* code, BACKUP_PASSWORD_WRONG, or what `otherwise` makes of it. */
  run(args: readonly string[], otherwise: (ran: Ran) => Error): Promise<Ran>;
  /** The same on another repository with the same password. */
  on(folder: string): Restic;
}

const Snapshots = z.array(
  z.object({
    id: z.string().regex(/^[0-9a-f]{64}$/),
    time: z.string(),
    paths: z.array(z.string()),
    hostname: z.string().default(''),
    tags: z.array(z.string()).nullable().default([]),
  }),
);
export type Snapshot = z.infer<typeof Snapshots>[number];

export async function openRestic(
  deps: ProgramDeps,
  context: DriverContext,
  options: RepositoryOptions,
): Promise<Restic> {
  const { repository } = options;
  const place = typeof repository === 'string' ? repository : await context.secret(repository.secret);
  const local = !/^[a-z0-9]+:/.test(place);
  const folder = local ? absolute(context.root, place) : undefined;
  const env: Record<string, string> = { RESTIC_PASSWORD: await context.secret(options.password) };
  for (const [name, secret] of Object.entries(options.environment)) env[name] = await context.secret(secret);
  const bin = options.bin === undefined ? undefined : absolute(context.root, options.bin);
  const on = (at: string, shown: string, dir: string | undefined): Restic => ({
    shown,
    folder: dir,
    async run(args, otherwise) {
      const ran = await runProgram(deps, context, {
        program: 'restic',
        // The place as a variable: one with credentials in it is for nobody else's eyes.
        args: ['--no-cache', '--quiet', ...args],
        env: { ...env, RESTIC_REPOSITORY: at },
        bin,
        package: 'restic',
      });
      if (ran.code === 0) return ran;
      throw problemOf(ran, shown, options.password) ?? otherwise(ran);
    },
    on: (copy) => on(copy, copy, copy),
  });
  const shown =
    folder ?? (typeof repository === 'string' ? repository : `of the secret ${repository.secret}`);
  return on(folder ?? place, shown, folder);
}

/**
 * What restic said, as a code. Statuses 10, 11 and 12 are those of restic 0.17 and later; earlier ones tell it in words only.
 */
function problemOf(ran: Ran, repository: string, secret: string): Error | undefined {
  const said = `${ran.stderr}\n${ran.stdout}`;
  if (ran.code === 12 || /wrong password or no key found/i.test(said))
    return fail('BACKUP_PASSWORD_WRONG', { repository, secret });
  if (ran.code === 11 || /repository is already locked|unable to create lock in backend/i.test(said)) {
    const by = /locked(?: exclusively)? by (PID \d+ on \S+)/.exec(said)?.[1];
    return fail('BACKUP_REPOSITORY_LOCKED', { repository, who: by === undefined ? '' : ` (${by})` });
  }
  if (
    ran.code === 10 ||
    /is there a repository at the following location|repository does not exist/i.test(said)
  )
    return fail('BACKUP_REPOSITORY_MISSING', { repository });
  if (NO_SPACE.test(said)) return undefined;
  const damage = said.split('\n').find((line) => DAMAGE.test(line));
  if (damage === undefined) return undefined;
  return fail('BACKUP_REPOSITORY_DAMAGED', { repository, why: damage.trim().slice(0, 300) });
}

const NO_SPACE = /no space left on device|disk quota exceeded/i;
const DAMAGE =
  /ciphertext verification failed|not found in repository|invalid data returned|StreamPack|does not match|hash mismatch|panic: |unable to (?:load|open|decrypt)|Load\(<|repository contains errors|pack \S+ |not found in index|returned error|unexpected EOF|invalid character/i;

/** All snapshots with the host, every tag and exactly the paths, oldest first. */
export async function snapshotsOf(
  restic: Restic,
  { host, tags, paths }: { host: string; tags: readonly string[]; paths: readonly string[] },
  otherwise: (ran: Ran) => Error,
): Promise<Snapshot[]> {
  const args = [
    'snapshots',
    '--json',
    '--host',
    host,
    ...(tags.length === 0 ? [] : ['--tag', tags.join(',')]),
  ];
  const ran = await restic.run(args, otherwise);
  const read = Snapshots.safeParse(parsed(ran.stdout));
  if (!read.success) throw otherwise({ ...ran, last: 'its list of snapshots cannot be read' });
  return read.data
    .filter((one) => paths.length === 0 || [...one.paths].sort().join('\0') === [...paths].sort().join('\0'))
    .toSorted((a, b) => Date.parse(a.time) - Date.parse(b.time));
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

export const backupFailed =
  ({ job_id }: DriverContext) =>
  (ran: Ran): Error =>
    fail('BACKUP_FAILED', { why: `restic: ${lastWords(ran)}`, job: job_id });
