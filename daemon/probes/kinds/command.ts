import { randomUUID } from 'node:crypto';
import { resolve } from 'node:path';
import { tmpdir } from 'node:os';
import { z } from 'zod';
import { errno } from '../../durable.ts';
import { COMMAND_PATH, execute, type Exit } from '../../execute.ts';
import { probeKind } from '../../ports/probe-kinds.ts';
import type { Finding } from '../../ports/probes.ts';
import { found } from '../target.ts';
import { sentence } from '../talk.ts';

const Status = z.int().min(0).max(255);

const schema = z.strictObject({
  /** Program and arguments; no shell reads them. */
  argv: z.array(z.string().max(10_000)).min(1).max(200),
  /** Folder to run in, below the estate's root unless absolute. */
  cwd: z.string().min(1).max(4096).default('.'),
  /** Exit statuses that mean up … */
  up: z.array(Status).max(256).default([0]),
  /** … and degraded. Others are down. The 0, 1, 2, 3 of Nagios plugins are `degraded: [1]`, `inconclusive: [3]`. */
  degraded: z.array(Status).max(256).default([]),
  inconclusive: z.array(Status).max(256).default([]),
  /** Texts that must stand in its standard output. */
  contains: z.array(z.string().min(1).max(1000)).max(20).default([]),
  /** Texts that must not. */
  lacks: z.array(z.string().min(1).max(1000)).max(20).default([]),
  /** Bytes of output before it is stopped. */
  max_output: z
    .int()
    .min(1)
    .max(1024 * 1024)
    .default(64 * 1024),
});
type Options = z.infer<typeof schema>;

/** From SIGTERM to SIGKILL of a command that is over its time, ms. */
const GRACE_MS = 500;

/** A program of this machine, in its own process group and with a clean environment, as shell steps have it. */
export const command = probeKind({
  kind: 'command',
  summary: 'Runs a program without a shell and judges its exit status and what it prints.',
  local: true,
  schema,
  example:
    "argv: [/usr/lib/nagios/plugins/check_raid, '-v']\ndegraded: [1]\ninconclusive: [3]\nlacks: [DEGRADED]",
  check({ argv, up, degraded, inconclusive }) {
    const problems = [];
    if (argv[0] === '') problems.push('argv: the program has no name');
    if (argv.some((word) => word.includes('\0'))) problems.push('argv: no argument can hold a NUL');
    const all = [...up, ...degraded, ...inconclusive];
    const twice = all.find((status, i) => all.indexOf(status) !== i);
    if (twice !== undefined) problems.push(`the exit status ${twice} stands for two verdicts`);
    return problems;
  },
  open(options, { clock, root, probe, accepted }) {
    return {
      async run(signal) {
        const refused = await accepted().then(
          () => undefined,
          (error: unknown) => sentence(error instanceof Error ? error.message : String(error)),
        );
        if (refused !== undefined) return found('inconclusive', refused);
        const out: Buffer[] = [];
        const started = clock.monotonic();
        const id = `probe_${probe}_${randomUUID()}`;
        try {
          const exit = await execute(
            {
              argv: options.argv,
              cwd: resolve(root, options.cwd),
              env: {
                PATH: COMMAND_PATH,
                HOME: tmpdir(),
                TMPDIR: tmpdir(),
                LANG: 'C.UTF-8',
                TZ: 'UTC',
                REEVE_ROOT: root,
                REEVE_PROBE: probe,
                REEVE_ATTEMPT_ID: id,
              },
              mark: { attemptId: id },
              maxOutput: options.max_output,
              graceMs: GRACE_MS,
            },
            {
              clock,
              signal,
              log(stream, chunk) {
                if (stream === 'stdout') out.push(Buffer.from(chunk));
                return Promise.resolve();
              },
            },
          );
          if (signal.aborted) return late(options);
          return judge(options, exit, Buffer.concat(out).toString('utf8'), clock.monotonic() - started);
        } catch (error) {
          if (signal.aborted) return late(options);
          const code = errno(error);
          return found(
            'inconclusive',
            sentence(`${nameOf(options)} cannot be started (${code || String(error)})`),
          );
        }
      },
      close: () => undefined,
    };
  },
});

const nameOf = ({ argv }: Options): string => argv[0]?.split('/').at(-1) ?? '';
const late = (options: Options): Finding =>
  found('down', `${nameOf(options)} did not end in time and was stopped`);

function judge(options: Options, exit: Exit, out: string, ms: number): Finding {
  const { code } = exit;
  const figures: Record<string, number> = code === null ? {} : { exit_status: code };
  const finding = (verdict: Finding['verdict'], why: string): Finding => ({
    ...found(verdict, sentence(why), ms),
    figures,
  });
  const name = nameOf(options);
  if (exit.overflow)
    return finding('down', `${name} printed more than ${options.max_output} bytes and was stopped`);
  const how = code === null ? `was ended by ${exit.signal ?? 'a signal'}` : `ended with status ${code}`;
  const said = `${name} ${how}${exit.last === '' ? '' : `: ${exit.last}`}`;
  if (code === null) return finding('down', said);
  if (options.inconclusive.includes(code)) return finding('inconclusive', said);
  const degraded = options.degraded.includes(code);
  if (!degraded && !options.up.includes(code)) return finding('down', said);
  const missing = options.contains.find((text) => !out.includes(text));
  if (missing !== undefined) return finding('down', `${name} did not print "${missing}"`);
  const unwanted = options.lacks.find((text) => out.includes(text));
  if (unwanted !== undefined) return finding('down', `${name} printed "${unwanted}"`);
  return degraded ? finding('degraded', said) : finding('up', '');
}
