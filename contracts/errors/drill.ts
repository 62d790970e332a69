import type { ErrorTable } from './table.ts';

export const drillErrors = {
  DRIVER_UNKNOWN: {
    status: 400,
    exit: 'usage',
    message: 'There is no backup driver {driver}.',
    hint: 'Use one of: {known}.',
  },
  DRIVER_OPTIONS_INVALID: {
    status: 400,
    exit: 'usage',
    message: 'The {driver} driver does not take these options: {why}.',
    hint: 'Correct the attributes of the step in its runbook.',
  },
  BACKUP_DISK_FULL: {
    status: 507,
    exit: 'failed',
    message: 'The disk became full while {path} was written; there is no new backup.',
    hint: 'Free space, then run it again. Earlier backups are untouched.',
  },
  BACKUP_INCONSISTENT: {
    status: 500,
    exit: 'integrity',
    message: 'The ledger could not be copied up to its signed head: {why}.',
    hint: 'Run `reeve ledger verify`; there is no new backup.',
  },
  BACKUP_NOT_FOUND: {
    status: 404,
    exit: 'usage',
    message: 'There is no complete backup {id} in {dir}.',
    hint: 'Make one first, or name one of those that have a manifest.',
  },
  BACKUP_CORRUPT: {
    status: 500,
    exit: 'integrity',
    message: 'The backup {id} is not what its manifest says: {why}.',
    hint: 'Do not use it. Make a new backup and look for the cause on that disk.',
  },
  RESTORE_TARGET_REFUSED: {
    status: 400,
    exit: 'refused',
    message: 'Nothing is restored into {path}: {why}.',
    hint: 'Restores go into an empty folder inside the scratch of their attempt, never near the live home.',
  },
  RESTORE_DISK_FULL: {
    status: 507,
    exit: 'failed',
    message: 'The disk became full while the backup was restored into {path}.',
    hint: 'Free space for one copy of the ledger, then run it again. The scratch place was cleared.',
  },
  RESTORE_MISMATCH: {
    status: 500,
    exit: 'integrity',
    message: 'The restored copy is not the ledger it should be: {why}.',
    hint: 'Keep the backup for analysis, make a new one and run the drill again.',
  },
  DRILL_WORTHLESS: {
    status: 500,
    exit: 'integrity',
    message: 'The drill is worthless: {why}.',
    hint: 'Its verification would accept a damaged copy. Do not trust earlier PASS results until that is repaired.',
  },
  DRILL_RESULT_TAKEN: {
    status: 409,
    exit: 'refused',
    message: 'The attempt {attempt} has its drill result already.',
    hint: 'Nothing to do: each attempt has one result.',
  },
  SCHEDULE_CRON_INVALID: {
    status: 400,
    exit: 'usage',
    message: 'The schedule {schedule} cannot be read: {why}.',
    hint: 'Use a five- or six-field cron line and an IANA time zone such as Europe/Berlin.',
  },
  SCHEDULE_SLOT_TAKEN: {
    status: 409,
    exit: 'refused',
    message: 'The slot {slot} of {schedule} was taken already.',
    hint: 'Nothing to do: each slot fires once.',
  },
} as const satisfies ErrorTable;
