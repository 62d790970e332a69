import path from 'node:path';
import { git } from '../git.ts';
import { own } from '../own.ts';
import type { Clock } from '../ports/clock.ts';
import type { Config } from '../ports/config.ts';
import type { CommitTime } from './dora.ts';
import type { Change } from './fold/state.ts';

/** Commits whose time is remembered. */
const MAX_KNOWN = 5000;
/** Asked at the same time. */
const AT_ONCE = 4;
const TIMEOUT_MS = 5000;

export interface Commits {
  /** Asks for what is not known yet. Never rejects: what cannot be told stays unknown, and is asked for the next time. */
  learn(changes: readonly Change[]): Promise<void>;
  /** What was learnt. */
  time: CommitTime;
}

/**
 * When commits were made (committer's time), from the repository of the project that was deployed. Git gets no environment
 * of ours, changes nothing and asks no server.
 */
export function openCommits({ clock, config }: { clock: Clock; config: Config }): Commits {
  const known = new Map<string, number>();
  const find = ({ project, commit }: Change): { folder: string; commit: string; key: string } | undefined => {
    const { config: estate, root } = config.current();
    const spec = own(estate.projects, project);
    if (spec === undefined || commit === undefined) return undefined;
    const folder = path.resolve(root, spec.path);
    return { folder, commit, key: `${folder}\0${commit}` };
  };
  return {
    async learn(changes) {
      const queue = changes.values();
      const worker = async (): Promise<void> => {
        for (const change of queue) {
          const asked = find(change);
          if (asked === undefined || known.has(asked.key)) continue;
          const at = await ask(clock, asked.folder, asked.commit).catch(() => undefined);
          if (at === undefined) continue;
          if (known.size >= MAX_KNOWN) known.clear();
          known.set(asked.key, at);
        }
      };
      await Promise.all(Array.from({ length: AT_ONCE }, worker));
    },
    time: (change) => known.get(find(change)?.key ?? ''),
  };
}

/** `commit` has been seen to be 7 to 64 hex digits: it is no option of Git. */
async function ask(clock: Clock, folder: string, commit: string): Promise<number | undefined> {
  const text = await git({ clock, folder, timeout: TIMEOUT_MS }, 'cat-file', 'commit', commit);
  const [head = ''] = text.split('\n\n', 1);
  const seconds = /^committer .* (\d{1,12}) [+-]\d{4}$/m.exec(head)?.[1];
  return seconds === undefined ? undefined : Number(seconds) * 1000;
}
