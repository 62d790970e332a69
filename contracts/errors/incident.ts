import type { ErrorTable } from './table.ts';

export const incidentErrors = {
  INCIDENT_NOT_FOUND: {
    status: 404,
    exit: 'usage',
    message: 'There is no incident {id}.',
    hint: 'See `reeve incidents list --all`. Much older ones stand in the ledger alone: `reeve events export --type incident.opened`.',
  },
  INCIDENT_AMBIGUOUS: {
    status: 409,
    exit: 'usage',
    message: 'More than one incident begins with {id}: {matches}.',
    hint: 'Give more digits of the id.',
  },
  INCIDENT_NOT_OPEN: {
    status: 409,
    exit: 'refused',
    message: 'The incident {id} is {state}.',
    hint: 'See `reeve incidents show {id}`.',
  },
  INCIDENT_NOT_RESOLVED: {
    status: 409,
    exit: 'refused',
    message: 'The incident {id} is still {state}, so it cannot be reviewed.',
    hint: 'It resolves by itself when its cause is over, or with `reeve incidents resolve {id} --why …`.',
  },
  INCIDENT_STILL_DOWN: {
    status: 409,
    exit: 'refused',
    message:
      '{probe} is still {state}. Were {id} resolved now, nobody would be told anything more before {probe} has been up and is down again.',
    hint: 'It resolves by itself once {probe} is up. For quiet until then: `reeve incidents ack {id}` or `reeve probe silence {probe}`. To resolve it all the same: --still-down.',
  },
  INCIDENT_LIMIT: {
    status: 503,
    exit: 'refused',
    message: '{max} incidents are open already.',
    hint: 'Resolve what is over: `reeve incidents list`.',
  },
  HEAL_UNKNOWN: {
    status: 404,
    exit: 'usage',
    message: 'There is no healing rule {rule}.',
    hint: 'See `reeve heal status`.',
  },
} as const satisfies ErrorTable;
