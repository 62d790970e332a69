import type { ErrorTable } from './table.ts';

export const configErrors = {
  CONFIG_NOT_FOUND: {
    status: 404,
    exit: 'usage',
    message: 'There is no {path}.',
    hint: 'Start from the example: `reeve config init`, or run in a folder with a reeve.yaml.',
  },
  CONFIG_INVALID: {
    status: 400,
    exit: 'usage',
    message: '{file} has {count mistake}: {why}.',
    hint: 'Correct what is named, then look with `reeve config check`. What runs keeps the version in force.',
  },
  HOME_INSECURE: {
    status: 403,
    exit: 'integrity',
    message: '{path} is unsafe: {why}.',
    hint: 'Make it yours alone: chown and `chmod 700 {path}`; never a symbolic link.',
  },
  HOME_IN_USE: {
    status: 409,
    exit: 'refused',
    message: 'Another daemon (pid {pid}) runs on {path}.',
    hint: 'Use that one, stop it, or set REEVE_HOME to another folder.',
  },
  HOME_UNUSABLE: {
    status: 400,
    exit: 'usage',
    message: '{path} cannot be the home: {why}.',
    hint: 'Set REEVE_HOME to a folder on a local disk that you may write to.',
  },
  SETTING_INVALID: {
    status: 400,
    exit: 'usage',
    message: '{name} is invalid: {why}.',
    hint: 'Correct the variable or the option of that name, or leave it out.',
  },
  LOG_UNWRITABLE: {
    status: 400,
    exit: 'usage',
    message: 'The log {path} cannot be written: {why}.',
    hint: 'Name another file with --log-file.',
  },
  PORT_IN_USE: {
    status: 409,
    exit: 'refused',
    message: 'The address 127.0.0.1:{port} is taken.',
    hint: 'Choose another with --port or REEVE_PORT (0 takes any free one).',
  },
  MANDATE_SUSPENDED: {
    status: 403,
    exit: 'refused',
    message: 'The mandate {mandate} is suspended: {why}.',
    hint: 'Look with `reeve config diff`; someone with the role accepts with `reeve config accept {mandate}`.',
  },
  MANDATE_UNKNOWN: {
    status: 404,
    exit: 'refused',
    message: 'There is no mandate {mandate}.',
    hint: 'See `reeve config diff`.',
  },
  SECRET_NOT_FOUND: {
    status: 404,
    exit: 'refused',
    message: 'There is no secret {name}.',
    hint: 'Store it with `reeve secret set {name}`.',
  },
  SECRET_UNDECLARED: {
    status: 400,
    exit: 'usage',
    message: 'The step asks for the secret {name}, which its runbook does not declare.',
    hint: 'Write it under `secrets:` in the front matter, so that whoever confirms the plan sees it.',
  },
  SECRET_INVALID: {
    status: 400,
    exit: 'usage',
    message: 'The secret {name} cannot be stored: {why}.',
    hint: 'Correct it and try again; nothing was changed.',
  },
  SECRETS_DAMAGED: {
    status: 500,
    exit: 'integrity',
    message: 'The secret store {path} cannot be read: {why}.',
    hint: 'Restore it from a backup, or move it away and set the secrets again.',
  },
} as const satisfies ErrorTable;
