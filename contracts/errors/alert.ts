import type { ErrorTable } from './table.ts';

export const alertErrors = {
  ALERT_NOT_FOUND: {
    status: 404,
    exit: 'usage',
    message: 'There is no alert {key}.',
    hint: '{suggestion}',
  },
  ALERT_NOT_OPEN: {
    status: 409,
    exit: 'refused',
    message: 'The alert {key} is over: {why}.',
    hint: 'Nothing to do: it is raised anew when it comes back.',
  },
  SILENCE_NOT_FOUND: {
    status: 404,
    exit: 'usage',
    message: 'There is no silence {id} in force.',
    hint: 'See `reeve alerts silences`.',
  },
  CHANNEL_UNKNOWN: {
    status: 404,
    exit: 'usage',
    message: 'There is no channel {channel}.',
    hint: '{suggestion}',
  },
  CHANNEL_FAILED: {
    status: 502,
    exit: 'failed',
    message: 'The test message did not reach {channel}: {why}.',
    hint: 'Correct the entry under alerts.channels in reeve.yaml or its secret, then `reeve alerts test {channel}` again.',
  },
} as const satisfies ErrorTable;
