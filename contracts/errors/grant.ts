import type { ErrorTable } from './table.ts';

export const grantErrors = {
  GRANT_MALFORMED: {
    status: 400,
    exit: 'refused',
    message: 'The grant token is malformed: {why}.',
    hint: 'Use the token exactly as `reeve preauth show` prints it, or make a new grant.',
  },
  GRANT_BAD_SIGNATURE: {
    status: 403,
    exit: 'refused',
    message: 'The grant signature does not verify.',
    hint: 'Make a new grant with `reeve preauth create-grant`; if this one came from Reeve, run `reeve ledger verify`.',
  },
  GRANT_KEY_UNKNOWN: {
    status: 403,
    exit: 'refused',
    message: 'The grant is signed by a key this daemon does not accept ({kid}).',
    hint: 'List keys with `reeve preauth verify --keys`; make a new grant with a current key.',
  },
  GRANT_KEY_REJECTED: {
    status: 400,
    exit: 'refused',
    message: 'The public key cannot be enrolled: {why}.',
    hint: 'Generate a fresh Ed25519 key and enrol that one.',
  },
  GRANT_AUDIENCE: {
    status: 403,
    exit: 'refused',
    message: 'The grant was made for another daemon.',
    hint: 'Create the grant on the daemon that is to use it.',
  },
  GRANT_NOT_YET_VALID: {
    status: 403,
    exit: 'refused',
    message: 'The grant is not valid before {nbf}.',
    hint: "Wait until then, or check this machine's clock.",
  },
  GRANT_EXPIRED: {
    status: 403,
    exit: 'refused',
    message: 'The grant expired at {exp}.',
    hint: 'Create a new grant: `reeve preauth create-grant …`.',
  },
  GRANT_LIFETIME: {
    status: 403,
    exit: 'refused',
    message: "The grant's lifetime of {hours} h is above the maximum of {max} h for class {cls}.",
    hint: 'Ask for a shorter lifetime with --expires-in-hours.',
  },
  GRANT_REVOKED: {
    status: 403,
    exit: 'refused',
    message: 'The grant {gid} is revoked.',
    hint: 'Ask for a new grant; `reeve preauth show {gid}` says who revoked it and why.',
  },
  GRANT_NOT_FOUND: {
    status: 404,
    exit: 'refused',
    message: 'There is no grant {gid}.',
    hint: 'See `reeve preauth list`.',
  },
  GRANT_USED_UP: {
    status: 403,
    exit: 'refused',
    message: 'The grant {gid} has no uses left (made for {uses}).',
    hint: 'Create a new grant, with --uses N for more than one use.',
  },
  GRANT_SCOPE: {
    status: 403,
    exit: 'refused',
    message: 'The grant does not allow {cap} on project {project}.',
    hint: 'It allows: {allows}. Create a grant that names {cap}.',
  },
  GRANT_SUBJECT: {
    status: 403,
    exit: 'refused',
    message: 'The grant belongs to {sub}, not to {person}.',
    hint: 'Ask for a grant of your own.',
  },
  GRANT_CHILD_WIDER: {
    status: 403,
    exit: 'refused',
    message: 'A child grant may not exceed its parent: {why}.',
    hint: 'Narrow the called runbook, or widen the parent grant.',
  },
  GRANT_CRIT_UNKNOWN: {
    status: 403,
    exit: 'refused',
    message: 'The grant demands a rule this daemon does not know ({crit}).',
    hint: 'Upgrade this daemon, or make a grant without that rule.',
  },
  GRANT_PLAN_MISMATCH: {
    status: 403,
    exit: 'refused',
    message: 'What would run now is not what was confirmed or approved.',
    hint: 'Look at the new plan and confirm or request it again.',
  },
  GRANT_EMPTY_SCOPE: {
    status: 400,
    exit: 'usage',
    message: 'A grant needs at least one project and one capability; `*` is not one.',
    hint: 'Name projects with --project-ids and at least one --auto-… flag or --cap action:env.',
  },
  GRANT_REQUIRED: {
    status: 403,
    exit: 'refused',
    message: '{action} on {project}/{env} needs a grant.',
    hint: 'Confirm the shown plan, or pass --preauth-grant <grant_id>.',
  },
  APPROVERS_TOO_FEW: {
    status: 409,
    exit: 'refused',
    message:
      '{action} on {project}/{env} needs {count} approval(s), but only {have} other people may approve it.',
    hint: 'Name more approvers for {env} in reeve.yaml, or lower its approvals.',
  },
  KEYS_MISSING: {
    status: 409,
    exit: 'refused',
    message: 'This home has no signing keys.',
    hint: 'Run `reeve preauth init-keys`.',
  },
  KEYS_EXIST: {
    status: 409,
    exit: 'refused',
    message: 'This home already has signing keys.',
    hint: 'Nothing to do; `reeve preauth init-keys --rotate` retires them and makes new ones.',
  },
  KEYS_DAMAGED: {
    status: 500,
    exit: 'integrity',
    message: 'The key store cannot be read: {why}.',
    hint: 'Restore {path} from a backup; the ledger stays verifiable with the public keys in it.',
  },
  CLOCK_BEHIND_LEDGER: {
    status: 503,
    exit: 'refused',
    message: "The clock ({now}) is behind the ledger's last record ({last}).",
    hint: "Set the machine's clock right; privileged actions are refused until then.",
  },
  HALTED: {
    status: 423,
    exit: 'refused',
    message: '{scope} is halted since {since} by {by}: {reason}.',
    hint: 'When it is safe, an operator lifts it with `reeve resume{flag}`.',
  },
} as const satisfies ErrorTable;
