import type { ErrorTable } from './table.ts';

export const cliErrors = {
  DAEMON_UNREACHABLE: {
    status: 503,
    exit: 'unreachable',
    message: 'No daemon answers at {where}.',
    hint: 'Start one with `npm start` (or `reeve up`), or point REEVE_HOME at its home.',
  },
  DAEMON_NOT_REEVE: {
    status: 502,
    exit: 'unreachable',
    message: 'What answers at {where} is not a Reeve daemon ({got}).',
    hint: 'Another program uses this address; stop it or choose another with --port or REEVE_HOME.',
  },
  DAEMON_VERSION: {
    status: 409,
    exit: 'unreachable',
    message: 'The daemon is version {theirs}, this CLI is {ours}.',
    hint: 'Restart the daemon from the same clone: Ctrl-C, then `npm start`.',
  },
  SOCKET_FORBIDDEN: {
    status: 403,
    exit: 'unreachable',
    message: '{path} belongs to another user.',
    hint: 'Run reeve as the user who started the daemon.',
  },
  USAGE: {
    status: 400,
    exit: 'usage',
    message: '{why}.',
    hint: '{suggestion}',
  },
  CONFIRMATION_DECLINED: {
    status: 409,
    exit: 'refused',
    message: 'Not confirmed; nothing was done.',
    hint: 'Run it again, or pass --force where you are sure.',
  },
  NOT_A_TERMINAL: {
    status: 400,
    exit: 'usage',
    message: '{what} needs a terminal to ask on.',
    hint: 'Pass --force to confirm, or --preauth-grant for unattended work.',
  },
} as const satisfies ErrorTable;
