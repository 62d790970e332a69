import { z } from 'zod';
import { fail } from '../../../contracts/errors.ts';
import { plural } from '../../../contracts/units.ts';
import { day, dayOf } from '../../calendar.ts';
import { inMarkdown } from '../../markdown.ts';
import { fullCollection } from '../../rest.ts';
import type { GithubTrouble } from '../../ports/github.ts';
import { MIRROR_KINDS, type MirrorRepository } from '../../ports/mirror.ts';
import { oneLine } from '../../text.ts';
import type { SyncDeps, SyncJob, SyncResult, SyncRun } from '../sync.ts';
import { KINDS } from './kinds.ts';
import { NoList } from './elements.ts';
import { CutOff } from './page.ts';
import type { Put } from './shelf.ts';
import { walk } from './walk.ts';

const Repository = z.object({ id: z.int().min(1), full_name: z.string().max(150) });
/** Pages between two records of how far it has come. */
const BATCH = 25;
/**
 * Pages between two full collections. What is in memory of a page is small and soon garbage, yet 35 kB a page reach the old
 * space, where V8 itself does not collect in 750 pages; which objects those are was not found (BENCHMARKS.md).
 */
const COLLECT = 100;
/** Of what is to be looked at; who has more looks at these first. */
const MAX_TOLD = 200;

/** Releases, deployments, workflow runs and issues with a label: what of GitHub is looked up without asking GitHub. */
export const github: SyncJob = {
  name: 'github',
  summary: 'Releases, deployments, workflow runs and labelled issues of GitHub, mirrored here',
  runbook: 'github',
  run,
};

async function run(ask: SyncRun, deps: SyncDeps): Promise<SyncResult> {
  const { clock, estate, clean } = deps;
  const { timezone } = estate.estate;
  const since = sinceOf(ask, timezone);
  const begun = new Date(clock.now()).toISOString();
  const counts: Record<Put | 'repositories' | 'pages', number> = {
    repositories: 0,
    pages: 0,
    new: 0,
    changed: 0,
    same: 0,
    older: 0,
  };
  const conflicts: string[] = [];
  const collect = fullCollection();
  const lines: string[] = [];
  const changes: string[] = [];
  let put: string | undefined;
  let partial = 0;
  const names = namesOf(ask, deps);
  const client = names.length === 0 ? undefined : await deps.github.client();
  for (const [at, named] of names.entries()) {
    const repository = await find(named);
    if (repository === undefined) continue;
    if (!ask.dryRun) await deps.mirror.remember(repository);
    counts.repositories++;
    for (const kind of MIRROR_KINDS) {
      const told: Record<Put, number> = { new: 0, changed: 0, same: 0, older: 0 };
      await guarded(`${repository.full_name} ${kind}`, KINDS[kind].needs, async () => {
        if (client === undefined) return;
        await walk({
          client,
          repository,
          kind,
          since,
          mirror: deps.mirror,
          label: estate.sync.github.label,
          dryRun: ask.dryRun,
          signal: ask.signal,
          now: () => clock.now(),
          clean,
          conflict: tell,
          odd: tell,
          async paged(puts, page, pages) {
            for (const name of ['new', 'changed', 'same', 'older'] as const) {
              counts[name] += puts[name];
              told[name] += puts[name];
            }
            counts.pages++;
            if (counts.pages % COLLECT === 0) collect?.();
            await ask.log(`${repository.full_name} ${kind}: progress ${page}/${Math.max(page, pages)}\n`);
            if (!ask.dryRun && counts.pages % BATCH === 0)
              await ask.advance(
                `${at + 1}/${names.length} ${repository.full_name} ${kind} ${page}/${pages}`,
                counts,
                conflicts,
              );
          },
        });
      });
      const { from = 0 } = await deps.mirror.with(repository.id, kind, async (shelf) => shelf.cursor);
      partial = Math.max(partial, from);
      await deps.mirror.drop(repository.id, kind);
      if (told.new + told.changed > 0)
        changes.push(`${repository.full_name} ${kind}: ${told.new} new, ${told.changed} changed`);
      lines.push(`- ${inMarkdown(repository.full_name)} ${kind}: ${told.new} new, ${told.changed} changed`);
      // A limit is one of the credential: the other repositories would only make it worse.
      if (put !== undefined) break;
    }
    if (put !== undefined) break;
  }
  const odd = conflicts.slice(0, 20).map((one) => `- ${inMarkdown(oneLine(clean(one), 300))}`);
  if (put !== undefined) {
    if (!ask.dryRun && counts.pages > 0) await ask.advance(`stopped ${begun}`, counts, conflicts);
    throw fail('SYNC_GITHUB', { why: put });
  }
  const from = partial === 0 ? undefined : day(partial, timezone);
  if (!ask.dryRun)
    await ask.advance(from === undefined ? begun : `${begun}, only since ${from}`, counts, conflicts);
  const of = ask.project ?? estate.estate.title ?? estate.estate.name;
  return {
    title: `${of}: GitHub, ${day(clock.now(), timezone)}`,
    headline: [
      `${counts.new} new, ${counts.changed} changed in ${counts.repositories} of ${plural(names.length, 'repository', 'repositories')}.`,
      ...(from === undefined ? [] : [`Only since ${from}: a run without --since fetches what is older.`]),
      ...(odd.length === 0 ? [] : ['**To be looked at**:', ...odd]),
    ].join('\n'),
    counts,
    changes,
    conflicts,
    document: {
      name: 'github.md',
      mediaType: 'text/markdown',
      text: `${[...lines, ...odd].join('\n')}\n`,
    },
  };

  function tell(text: string): void {
    if (conflicts.length < MAX_TOLD) conflicts.push(text);
  }

  /** By its number where it is known: a name may be given to another one. */
  async function find(named: string): Promise<MirrorRepository | undefined> {
    let found: MirrorRepository | undefined;
    await guarded(named, 'access to it', async () => {
      const before = (await deps.mirror.repositories()).find((one) => one.named === named);
      const github = await deps.github.client();
      const path = before?.id ?? (/^\d+$/.test(named) ? named : undefined);
      const [owner = '', repo = ''] = named.split('/');
      const { data } =
        path === undefined
          ? await github.request('GET /repos/{owner}/{repo}', {
              owner,
              repo,
              request: { signal: ask.signal },
            })
          : await github.request(`GET /repositories/${path}`, { request: { signal: ask.signal } });
      const read = Repository.safeParse(data);
      if (!read.success) throw new NoList("GitHub's answer is no repository");
      const { id, full_name } = read.data;
      if (!/^\d+$/.test(named) && full_name.toLowerCase() !== named.toLowerCase())
        tell(`${named} is ${full_name} now (number ${id}): put that into reeve.yaml`);
      found = { id, named, full_name };
    });
    return found;
  }

  /** What goes wrong with one of them is told, and does not stop the others. */
  async function guarded(what: string, needs: string, work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      ask.signal.throwIfAborted();
      if (error instanceof NoList) {
        tell(`${what}: ${error.message}`);
        await ask.log(`${clean(error.message)}\n`);
        return;
      }
      const trouble: GithubTrouble | undefined =
        error instanceof CutOff ? { kind: 'later', why: error.message } : await deps.github.trouble(error);
      if (trouble === undefined) throw error;
      const why = whyOf(what, needs, trouble);
      if (trouble.kind === 'later' || trouble.kind === 'credential') put = why;
      else tell(why);
      await ask.log(`${clean(why)}\n`);
    }
  }
}

function whyOf(what: string, needs: string, { kind, why, ...more }: GithubTrouble): string {
  if (kind === 'gone') return `${what}: it is deleted, or the token has no permission (${needs}): ${why}`;
  const ms = 'ms' in more ? more.ms : undefined;
  return `${what}: ${why}${ms === undefined ? '' : `; it may go on in ${Math.ceil(ms / 1000)} s`}`;
}

function namesOf({ project }: SyncRun, { estate }: SyncDeps): string[] {
  return Object.entries(estate.integrations.github?.repositories ?? {})
    .filter(([, of]) => project === undefined || of === project)
    .map(([name]) => name);
}

function sinceOf({ since }: SyncRun, timezone: string): number | undefined {
  if (since === undefined) return undefined;
  const found = dayOf(since, timezone);
  if (found !== undefined) return found.from;
  throw fail('ARGUMENTS_INVALID', {
    command: 'sync github',
    why: `--since takes a day such as 2026-11-25, not "${since.slice(0, 20)}"`,
  });
}
