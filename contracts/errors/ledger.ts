import type { ErrorTable } from './table.ts';

export const ledgerErrors = {
  LEDGER_UNWRITABLE: {
    status: 503,
    exit: 'integrity',
    message: 'The ledger cannot be written: {why}.',
    hint: 'Nothing privileged runs until the daemon is restarted. Check the disk, then restart.',
  },
  LEDGER_DISK_FULL: {
    status: 507,
    exit: 'refused',
    message: 'The disk is full; the record was not written and nothing was done.',
    hint: 'Free space on {path}. Reading and `reeve halt` still work.',
  },
  LEDGER_RECORD_TOO_LARGE: {
    status: 413,
    exit: 'refused',
    message: 'A record of {bytes} bytes is over the limit of {max}.',
    hint: 'Store the bulk as an artifact and refer to it.',
  },
  RECORD_INVALID: {
    status: 500,
    exit: 'failed',
    message: 'A {type} record does not fit its schema: {why}.',
    hint: 'This is a defect; nothing was written.',
  },
  LEDGER_CORRUPT: {
    status: 500,
    exit: 'integrity',
    message: 'Record {seq} in {file} is broken: {why}.',
    hint: 'Do not repair it by hand. Keep the files, restore a verified backup, and compare heads (`reeve ledger verify`).',
  },
  LEDGER_TRUNCATED: {
    status: 500,
    exit: 'integrity',
    message: 'The ledger ends at {size} records but a signed checkpoint covers {claimed}.',
    hint: 'Records were cut off. Restore a backup that reaches the checkpoint.',
  },
  LEDGER_CHECKPOINT_INVALID: {
    status: 500,
    exit: 'integrity',
    message: 'The checkpoint {file} does not verify: {why}.',
    hint: 'It was forged or damaged. Compare with an anchored head.',
  },
  LEDGER_RANGE: {
    status: 404,
    exit: 'usage',
    message: 'There is no record {seq}; the ledger has {size}.',
    hint: 'Ask for 0 … {last}.',
  },
  LEDGER_GONE: {
    status: 503,
    exit: 'integrity',
    message: 'The ledger file {file} was removed or replaced while the daemon runs.',
    hint: 'Stop the daemon and restore the ledger from a backup.',
  },
  LEDGER_MISSING: {
    status: 503,
    exit: 'integrity',
    message: 'There is no ledger in {dir}.',
    hint: 'Restore it from a backup. To begin anew, set REEVE_HOME to a fresh folder.',
  },
  LEDGER_NO_FILES: {
    status: 503,
    exit: 'refused',
    message: 'The process is out of file descriptors; {what} was not done.',
    hint: 'Raise the limit (`ulimit -n`) or close what holds them. Nothing is lost.',
  },
  LEDGER_FOREIGN: {
    status: 409,
    exit: 'integrity',
    message: 'The ledger in {dir} belongs to {theirs}, not to {ours}.',
    hint: 'Each home has its own ledger. Set REEVE_HOME to the home this ledger came from.',
  },
  ARTIFACT_NOT_FOUND: {
    status: 404,
    exit: 'refused',
    message: 'There is no artifact {digest}.',
    hint: 'It may have passed its retention; see `reeve ledger show` for who wrote it.',
  },
  ARTIFACT_CORRUPT: {
    status: 500,
    exit: 'integrity',
    message: 'The artifact {digest} does not match its digest.',
    hint: 'Restore it from a backup; the record of it is unchanged.',
  },
} as const satisfies ErrorTable;
