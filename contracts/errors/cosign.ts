import type { ErrorTable } from './table.ts';

export const cosignErrors = {
  COSIGN_REQUIRED: {
    status: 409,
    exit: 'refused',
    message: 'An approval for {where} counts only with the key of the approver; nothing was approved here.',
    hint: 'On your own machine: `reeve approve {id}`. To turn it down: `reeve grant deny {id}`, also here.',
  },
  COSIGN_BREAK_GLASS: {
    status: 403,
    exit: 'refused',
    message:
      'Approvals for {where} are signed with keys, so no chat account alone can break the glass there.',
    hint: "Ask for the approval, or break the glass on the daemon's machine: `reeve … --break-glass`.",
  },
  COSIGN_MALFORMED: {
    status: 400,
    exit: 'refused',
    message: 'The signed statement is malformed: {why}.',
    hint: 'Let `reeve approve` make it, with the same version of Reeve as the daemon.',
  },
  COSIGN_BAD_SIGNATURE: {
    status: 403,
    exit: 'refused',
    message: 'The signature of the statement does not verify.',
    hint: 'Run `reeve approve` again; when it happens twice, make a new key with `reeve key new` and have it enrolled.',
  },
  COSIGN_KEY_UNKNOWN: {
    status: 403,
    exit: 'refused',
    message: 'The key {kid} is enrolled for nobody.',
    hint: 'Give its public half to an admin: `reeve key public`, then `reeve key enrol --person … --public …` over there.',
  },
  COSIGN_KEY_REVOKED: {
    status: 403,
    exit: 'refused',
    message: 'The key {kid} was revoked by {by}: {reason}.',
    hint: 'Make a new one with `reeve key new` and have it enrolled.',
  },
  COSIGN_OTHER: {
    status: 403,
    exit: 'refused',
    message: 'The statement was signed for another {what}.',
    hint: 'Run `reeve approve` with the id of the request that is meant; nothing was decided.',
  },
  COSIGN_EXPIRED: {
    status: 403,
    exit: 'refused',
    message: 'The statement counts from {iat} to {exp}, and now it is {now}.',
    hint: 'Run `reeve approve` again; when it happens twice, set the clocks of both machines right.',
  },
  COSIGN_REPLAYED: {
    status: 409,
    exit: 'refused',
    message: 'This very statement was sent before; it counts once.',
    hint: 'Look what came of it: `reeve grant show {id}`.',
  },
  LEDGER_COSIGN: {
    status: 500,
    exit: 'integrity',
    message: 'The co-signature of record {seq} does not hold: {why}.',
    hint: 'Whoever wrote that record did not have the approver. Look at what ran after it: `reeve ledger show {seq}`.',
  },
  KEY_TAKEN: {
    status: 409,
    exit: 'refused',
    message: 'The key {kid} is known already ({whose}).',
    hint: 'Every person has keys of their own, and a revoked one never comes back: `reeve key new`.',
  },
  KEY_NOT_FOUND: {
    status: 404,
    exit: 'refused',
    message: 'There is no key {kid} of a person.',
    hint: 'See `reeve key list`.',
  },
  KEY_FILE_MISSING: {
    status: 409,
    exit: 'refused',
    message: 'There is no key of yours at {path}.',
    hint: 'Make one with `reeve key new`, and have its public half enrolled by an admin.',
  },
  KEY_FILE_EXISTS: {
    status: 409,
    exit: 'refused',
    message: 'There is a key at {path} already.',
    hint: 'Show its public half with `reeve key public`, or put the new one elsewhere with --key.',
  },
  KEY_FILE_REFUSED: {
    status: 409,
    exit: 'refused',
    message: 'The key at {path} is not used: {why}.',
    hint: 'Make it a plain file that you alone can read (chmod 600), or make a new key with `reeve key new`.',
  },
} as const satisfies ErrorTable;
