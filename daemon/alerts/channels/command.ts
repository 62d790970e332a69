import { z } from 'zod';
import { Duration } from '../../../contracts/duration.ts';
import { Slug } from '../../../contracts/ids.ts';
import { COMMAND_PATH, execute } from '../../execute.ts';
import { channelKind, ChannelProblem, type Notice } from '../channel.ts';
import { plainText } from '../words.ts';
import { bodyOf } from './webhook.ts';

/** What it may print, bytes. */
const MAX_OUTPUT = 64 * 1024;

const schema = z.strictObject({
  /** Program and arguments; no shell reads them. */
  argv: z.array(z.string().max(2000)).min(1).max(50),
  /** Variable name → name of the secret whose value it gets. */
  secrets: z.record(z.string().regex(/^[A-Z][A-Z0-9_]{0,63}$/), Slug).default({}),
  timeout: Duration.default(30_000),
});

/** Variables that would make the program, or one it starts, run other code (see SECURITY.md, attack 47). */
const STEERING =
  /^(?:LD_.*|DYLD_.*|NODE_.*|GIT_.*|BASH_.*|ENV|PATH|HOME|IFS|PERL5.*|PYTHON.*|RUBY.*|SSL_CERT_.*|.*_PROXY)$/;

/** Runs a program with the message as JSON on its standard input. */
export const command = channelKind({
  kind: 'command',
  summary: 'Runs a program of yours with the message as JSON on standard input.',
  schema,
  example: 'argv: [/usr/local/bin/page-us, --urgent]\nsecrets: { PAGER_TOKEN: pager-token }\ntimeout: 30s',
  secrets: ({ secrets }) => Object.values(secrets),
  check: ({ argv, secrets }) => [
    ...(argv[0] === '' ? ['argv names no program'] : []),
    ...(argv.some((word) => word.includes('\0')) ? ['argv holds a NUL'] : []),
    ...Object.keys(secrets)
      .filter((name) => STEERING.test(name))
      .map((name) => `no secret goes into ${name}: programs act on that variable`),
  ],
  timeout: ({ timeout }) => timeout,
  open({ argv, secrets: names }, { clock, secrets, accepted, root }) {
    return {
      async send(notice, signal) {
        await accepted();
        const values = await Promise.all(
          Object.entries(names).map(async ([name, secret]) => [name, await secrets.get(secret)] as const),
        );
        const {
          code,
          signal: by,
          last,
        } = await execute(
          {
            argv,
            cwd: root,
            env: { ...environment(notice, root), ...Object.fromEntries(values) },
            mark: { attemptId: notice.id },
            maxOutput: MAX_OUTPUT,
            graceMs: 1000,
            input: inputOf(notice),
          },
          { clock, signal, log: () => Promise.resolve() },
        ).catch((cause: unknown) => {
          const why = cause instanceof Error ? cause.message : String(cause);
          throw new ChannelProblem(`${argv[0] ?? ''} cannot be run: ${why}`, { cause });
        });
        if (code === 0) return;
        const how = code === null ? `was ended by ${by ?? 'a signal'}` : `exited with ${code}`;
        throw new ChannelProblem(`${argv[0] ?? ''} ${how}${last === '' ? '' : `: ${last}`}`);
      },
    };
  },
});

/** As steps have it: nothing comes from the daemon's own environment. */
const environment = (notice: Notice, root: string): Record<string, string> => ({
  PATH: COMMAND_PATH,
  HOME: root,
  LANG: 'C.UTF-8',
  TZ: 'UTC',
  // By this, whatever it starts is found when its time is over.
  REEVE_ATTEMPT_ID: notice.id,
  REEVE_MESSAGE_ID: notice.id,
  REEVE_EVENT: notice.event,
  REEVE_TONE: notice.tone,
});

/** What a webhook gets, and the whole as plain text. */
function inputOf(notice: Notice): string {
  const { type, timestamp, data } = JSON.parse(bodyOf(notice)) as Record<string, unknown>;
  return `${JSON.stringify({ type, timestamp, data, plain: plainText(notice) })}\n`;
}
