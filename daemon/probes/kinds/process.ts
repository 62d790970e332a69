import { readFile, readdir } from 'node:fs/promises';
import { resolve } from 'node:path';
import { z } from 'zod';
import { Duration } from '../../../contracts/duration.ts';
import { errno } from '../../durable.ts';
import { probeKind } from '../../ports/probe-kinds.ts';
import type { Finding } from '../../ports/probes.ts';
import { shownTime } from '../amount.ts';
import { found } from '../target.ts';
import { sentence } from '../talk.ts';

const schema = z.strictObject({
  /** A file with the process id, below the estate's root unless absolute. */
  pidfile: z.string().min(1).max(4096).optional(),
  /** The program's name as the kernel has it (15 characters at most). With `pidfile`: what the process must be. */
  name: z.string().min(1).max(200).optional(),
  /** The whole command line, arguments joined by blanks; `*` stands for anything. */
  cmdline: z.string().min(1).max(1000).optional(),
  /** How many there must be, and may be. */
  min: z.int().min(0).max(100_000).default(1),
  max: z.int().min(0).max(100_000).optional(),
  /** Younger than this is degraded: it was restarted. */
  min_age: Duration.optional(),
  /** Older than this is degraded: it hangs. */
  max_age: Duration.optional(),
});
type Options = z.infer<typeof schema>;

/** Processes of this machine, as /proc shows them. */
export const process = probeKind({
  kind: 'process',
  summary: 'Counts processes of this machine by pidfile, name or command line, and looks at their age.',
  local: true,
  schema,
  example: "name: postgres\ncmdline: '*checkpointer*'\nmin: 1\nmax: 1\nmin_age: 1m",
  check({ pidfile, name, cmdline, min, max, min_age, max_age }) {
    const problems = [];
    if (pidfile === undefined && name === undefined && cmdline === undefined)
      problems.push('one of pidfile, name and cmdline says which process is meant');
    if (max !== undefined && max < min) problems.push(`max: ${max} is below min: ${min}`);
    if (min_age !== undefined && max_age !== undefined && max_age <= min_age)
      problems.push('max_age is not above min_age');
    return problems;
  },
  open(options, { root }) {
    return {
      async run(signal) {
        try {
          const ids =
            options.pidfile === undefined ? await allIds() : await idIn(resolve(root, options.pidfile));
          if (!Array.isArray(ids)) return ids;
          const matching: Seen[] = [];
          for (const id of ids) {
            if (signal.aborted) return found('inconclusive', '/proc could not be read in time');
            const seen = await look(id);
            if (seen !== undefined && fits(seen, options)) matching.push(seen);
          }
          return judge(options, matching);
        } catch (error) {
          return found(
            'inconclusive',
            `/proc cannot be read on this machine (${errno(error) || String(error)})`,
          );
        }
      },
      close: () => undefined,
    };
  },
});

interface Seen {
  id: number;
  name: string;
  cmdline: string;
  /** ms */
  age: number;
}

const allIds = async (): Promise<number[]> =>
  (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number);

async function idIn(path: string): Promise<number[] | Finding> {
  let text: string;
  try {
    text = (await readFile(path, 'utf8')).slice(0, 1000);
  } catch (error) {
    const code = errno(error);
    if (code === 'ENOENT') return found('down', `there is no pidfile ${path}`);
    return found('inconclusive', `the pidfile ${path} cannot be read (${code})`);
  }
  // PostgreSQL and others write more lines below the id.
  const id = /^\s*(\d{1,10})\s*(?:\n|$)/.exec(text)?.[1];
  if (id === undefined) return found('down', `the pidfile ${path} holds no process id`);
  return [Number(id)];
}

/** Undefined when it is gone, or a zombie: that one does nothing any more. */
async function look(id: number): Promise<Seen | undefined> {
  try {
    const [stat, cmdline, uptime] = await Promise.all([
      readFile(`/proc/${id}/stat`, 'utf8'),
      readFile(`/proc/${id}/cmdline`, 'utf8'),
      readFile('/proc/uptime', 'utf8'),
    ]);
    // pid (name) state ppid …; the name may hold blanks and brackets (proc_pid_stat(5)).
    const name = stat.slice(stat.indexOf('(') + 1, stat.lastIndexOf(')'));
    const rest = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    if ('ZXx'.includes(rest[0] ?? 'X')) return undefined;
    // Field 22 in clock ticks since boot; USER_HZ is 100 on every architecture Node runs on.
    const begun = Number(rest[19]) * 10;
    const age = Math.max(0, Number(uptime.split(' ')[0]) * 1000 - begun);
    return { id, name, cmdline: cmdline.replaceAll('\0', ' ').trimEnd(), age };
  } catch {
    return undefined;
  }
}

const fits = (seen: Seen, { name, cmdline }: Options): boolean =>
  (name === undefined || seen.name === name.slice(0, 15)) &&
  (cmdline === undefined || like(seen.cmdline, cmdline));

/** Whether a text fits a pattern with `*`; linear, whatever the pattern. */
function like(text: string, pattern: string): boolean {
  const parts = pattern.split('*');
  const [first = '', ...others] = parts;
  const last = others.pop();
  if (last === undefined) return text === pattern;
  if (!text.startsWith(first)) return false;
  let at = first.length;
  for (const part of others) {
    const next = text.indexOf(part, at);
    if (next < 0) return false;
    at = next + part.length;
  }
  return text.length - last.length >= at && text.endsWith(last);
}

function judge(options: Options, all: Seen[]): Finding {
  const { min, max, min_age, max_age } = options;
  const ages = all.map((seen) => seen.age);
  const figures = {
    count: all.length,
    ...(ages.length === 0 ? {} : { youngest_ms: Math.min(...ages), oldest_ms: Math.max(...ages) }),
  };
  const finding = (verdict: Finding['verdict'], why: string): Finding => ({
    ...found(verdict, sentence(why)),
    figures,
  });
  const what = whatOf(options);
  if (all.length < min)
    return finding(
      'down',
      all.length === 0 ? `${what} does not run` : `${what} runs ${all.length} times, not ${min}`,
    );
  if (max !== undefined && all.length > max)
    return finding('down', `${what} runs ${all.length} times, at most ${max} was expected`);
  const young = all.find((seen) => min_age !== undefined && seen.age < min_age);
  if (young !== undefined)
    return finding('degraded', `${what} (process ${young.id}) was started ${shownTime(young.age)} ago`);
  const old = all.find((seen) => max_age !== undefined && seen.age > max_age);
  if (old !== undefined)
    return finding('degraded', `${what} (process ${old.id}) has run for ${shownTime(old.age)}`);
  return finding('up', '');
}

function whatOf({ pidfile, name, cmdline }: Options): string {
  const which = [name, cmdline === undefined ? undefined : `"${cmdline}"`]
    .filter((x) => x !== undefined)
    .join(' as ');
  if (pidfile === undefined) return which;
  return which === '' ? `the process of ${pidfile}` : `${which} of ${pidfile}`;
}
