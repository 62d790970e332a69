import type { ErrorTable } from './table.ts';

export const probeErrors = {
  PROBE_UNKNOWN: {
    status: 404,
    exit: 'usage',
    message: 'There is no probe {name}.',
    hint: 'See {help}.',
  },
  PUSH_UNKNOWN: {
    status: 404,
    exit: 'usage',
    message: 'This is the push URL of no probe.',
    hint: '`reeve probe push-url NAME` shows that of a heartbeat probe.',
  },
  PROBE_NOT_PUSHED: {
    status: 400,
    exit: 'usage',
    message: 'The probe {name} is of kind {kind}, which has no push URL.',
    hint: 'Give it `kind: heartbeat` to have its job report to Reeve.',
  },
} as const satisfies ErrorTable;
