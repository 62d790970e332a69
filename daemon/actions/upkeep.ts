import { z } from 'zod';
import { fail } from '../../contracts/errors.ts';
import { plural } from '../../contracts/units.ts';
import { arg } from '../args.ts';
import { adminAction, readAction, type Action } from '../ports/actions.ts';

const LEVELS = ['trace', 'debug', 'info', 'warn', 'error'] as const;

export const logLevel = adminAction({
  name: 'log-level',
  type: 'set_log_level',
  summary: 'Change the log level of the running daemon',
  group: 'Configuration',
  verb: 'administer',
  args: z.object({ level: arg.choice(LEVELS, 'the new level', { position: 0 }) }),
  examples: ['log-level debug'],
  run({ log }, args) {
    const before = log.level();
    log.setLevel(args.level);
    return Promise.resolve({
      title: `Log level is ${args.level}`,
      data: { level: args.level },
      before: { level: before },
      after: { level: args.level },
    });
  },
});

export const zonesAccept = adminAction({
  name: 'zones accept',
  type: 'accept_zone',
  summary: 'Accept the system zone as it is now, after looking at what changed',
  group: 'Configuration',
  verb: 'administer',
  needsReason: true,
  args: z.object({}),
  examples: ['zones accept --reason "updated the agent’s own files"'],
  async run({ zones, caller }) {
    const { digest, files } = await zones.accept(caller.person);
    return {
      title: `${plural(files, 'file')} of the system zone ${files === 1 ? 'is' : 'are'} accepted`,
      data: { digest, files },
      after: { digest, files },
    };
  },
});

/** Command lines of the operating guide that this build refuses, saying what is missing. */
const absent = (name: string, summary: string, what: string, next: string): Action =>
  readAction({
    name,
    summary,
    group: 'Not in this build',
    verb: 'view',
    args: z.object({ verbose: arg.boolean('more detail').optional() }),
    examples: [name],
    run() {
      throw fail('NOT_BUILT_HERE', { what, next });
    },
  });

export const verifyFactory = absent(
  'verify-factory',
  'Release gate of the software factory',
  'The generator and conformance gate of the software factory',
  'Reeve checks itself with `npm run check`, and its own record with `reeve ledger verify`.',
);
export const lintWorkflows = absent(
  'ci lint-workflows',
  'Lint CI workflows',
  'The CI workflow linter',
  'Reeve lints what it runs itself: `reeve runbook lint` and `reeve config check`.',
);
