import { readFile, statfs } from 'node:fs/promises';
import type { StatsFs } from 'node:fs';
import { resolve } from 'node:path';
import { z } from 'zod';
import { unlessAborted } from '../../abort.ts';
import { errno } from '../../durable.ts';
import { probeKind } from '../../ports/probe-kinds.ts';
import type { Finding } from '../../ports/probes.ts';
import { Amount, bytesOf, shownBytes } from '../amount.ts';
import { found, isOurs } from '../target.ts';
import { sentence } from '../talk.ts';

const Percent = z.number().min(0).max(100);

const schema = z.strictObject({
  /** A file or folder on the file system, below the estate's root unless absolute. */
  path: z.string().min(1).max(4096),
  /** It must be a mount point itself: when the mount is gone, its folder lies on another file system. */
  mount: z.boolean().default(false),
  /** Less room than this for ordinary users is degraded … */
  warn: Amount.prefault('15%'),
  /** … and less than this is down. */
  crit: Amount.prefault('5%'),
  /** Per cent of inodes that must be free. Not looked at where the file system does not count them. */
  inodes_warn: Percent.default(10),
  inodes_crit: Percent.default(3),
});
type Options = z.infer<typeof schema>;

/** Free room and free inodes of a file system (statfs(2)). */
export const disk = probeKind({
  kind: 'disk',
  summary: 'Looks how much room and how many inodes a file system of this machine has left.',
  local: true,
  schema,
  example: 'path: /var/lib/postgresql\nmount: true\nwarn: 15%\ncrit: 10GiB',
  open(options, { clock, root }) {
    const path = resolve(root, options.path);
    // statfs(2) on a dead network mount never returns and keeps a thread of the pool: one at most.
    let pending: Promise<StatsFs> | undefined;
    const look = (): Promise<StatsFs> => {
      pending = statfs(path).finally(() => (pending = undefined));
      return pending;
    };
    return {
      async run(signal) {
        if (pending !== undefined) return found('down', `${path} has not answered since an earlier run`);
        const started = clock.monotonic();
        try {
          if (options.mount && !(await isMount(path))) return found('down', `nothing is mounted at ${path}`);
          const stats = await unlessAborted(look(), signal);
          return judge(path, options, stats, clock.monotonic() - started);
        } catch (error) {
          if (signal.aborted) return found('down', `${path} did not answer in time`);
          const code = errno(error);
          if (code === 'ENOENT' || code === 'ENOTDIR') return found('down', `${path} does not exist`);
          const ours = code === 'EACCES' || isOurs(error);
          return found(
            ours ? 'inconclusive' : 'down',
            sentence(`${path} cannot be looked at (${code || String(error)})`),
          );
        }
      },
      close: () => undefined,
    };
  },
});

/** Read from the kernel's table, which answers whatever state the mount is in (proc_pid_mountinfo(5)). */
async function isMount(path: string): Promise<boolean> {
  const table = await readFile('/proc/self/mountinfo', 'utf8');
  return table.split('\n').some((line) => unescaped(line.split(' ')[4] ?? '') === path);
}
const unescaped = (text: string): string =>
  text.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(parseInt(octal, 8)));

function judge(path: string, options: Options, stats: StatsFs, ms: number): Finding {
  const size = stats.blocks * stats.bsize;
  const free = stats.bavail * stats.bsize;
  const freeShare = size === 0 ? 100 : (100 * free) / size;
  // Some file systems (btrfs, network ones) have no fixed number of inodes and say 0.
  const inodes = stats.files === 0 ? 100 : (100 * stats.ffree) / stats.files;
  const figures = {
    free_bytes: free,
    free_percent: Math.round(freeShare * 100) / 100,
    free_inodes_percent: Math.round(inodes * 100) / 100,
  };
  const room = `${shownBytes(free)} (${freeShare.toFixed(1)} %) of ${shownBytes(size)} are free at ${path}`;
  const nodes = `${inodes.toFixed(1)} % of the inodes are free at ${path}`;
  const finding = (verdict: Finding['verdict'], why: string): Finding => ({
    ...found(verdict, sentence(why), ms),
    figures,
  });
  if (free < bytesOf(options.crit, size)) return finding('down', `only ${room}`);
  if (inodes < options.inodes_crit) return finding('down', `only ${nodes}`);
  if (free < bytesOf(options.warn, size)) return finding('degraded', `only ${room}`);
  if (inodes < options.inodes_warn) return finding('degraded', `only ${nodes}`);
  return finding('up', '');
}
