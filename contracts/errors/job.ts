import type { ErrorTable } from './table.ts';

export const jobErrors = {
  JOB_NOT_FOUND: {
    status: 404,
    exit: 'usage',
    message: 'There is no job {id}.',
    hint: 'See `reeve jobs list`.',
  },
  JOB_NO_DOCUMENT: {
    status: 404,
    exit: 'usage',
    message: 'Job {id} made no document for people.',
    hint: '`reeve jobs show {id}` says what it did, and `reeve jobs logs {id}` what it printed.',
  },
  JOB_NOT_RUNNING: {
    status: 409,
    exit: 'refused',
    message: 'The job {id} is {status}.',
    hint: 'Only queued and running jobs can be cancelled.',
  },
  JOB_NOT_RETRYABLE: {
    status: 409,
    exit: 'refused',
    message: 'The job {id} is {status} and cannot be retried: {why}.',
    hint: 'Start it anew, or `reeve replay {id}` with a new plan.',
  },
  JOB_CANCELLED: {
    status: 409,
    exit: 'failed',
    message: 'The job was cancelled by {by}: {reason}.',
    hint: 'Nothing else will run; see its rollback steps in `reeve jobs show`.',
  },
  JOB_UNKNOWN: {
    status: 500,
    exit: 'failed',
    message: 'The outcome of {id} is unknown: the daemon stopped while step {step} ran.',
    hint: 'Look at the target, then record what you found: `reeve jobs resolve {id} --as pass|fail`.',
  },
  JOB_NOT_UNKNOWN: {
    status: 409,
    exit: 'refused',
    message: 'The job {id} is {status}; only an UNKNOWN outcome waits for a verdict.',
    hint: 'See `reeve jobs show {id}`.',
  },
  JOB_AMBIGUOUS: {
    status: 409,
    exit: 'usage',
    message: 'More than one job begins with {id}: {matches}.',
    hint: 'Give more digits of the id.',
  },
  JOB_TIMED_OUT: {
    status: 504,
    exit: 'failed',
    message: 'The job took longer than {timeout} ms.',
    hint: 'Raise its timeout in the runbook or find out why it hangs: `reeve jobs logs {id}`.',
  },
  QUEUE_FULL: {
    status: 503,
    exit: 'refused',
    message: 'The queue is full ({max} jobs wait).',
    hint: 'Wait until some have run (`reeve jobs list`), or raise limits.queue in reeve.yaml.',
  },
  LOCK_STOLEN: {
    status: 409,
    exit: 'failed',
    message: 'The lock {lock} was taken from this attempt by {by}: {reason}.',
    hint: 'Look at what it had done so far; start it again when the lock is free.',
  },
  GATE_CLOSED: {
    status: 409,
    exit: 'refused',
    message: '{runbook} needs {need}.',
    hint: 'Run {need_runbook} first and wait for PASS.',
  },
  LOCK_HELD: {
    status: 409,
    exit: 'refused',
    message: '{lock} is held by {owner} since {since}: {reason}.',
    hint: 'Wait, or take it over with `reeve locks steal {lock} --reason …`.',
  },
  LOCK_NOT_FOUND: {
    status: 404,
    exit: 'usage',
    message: 'Nobody holds {lock}.',
    hint: 'See `reeve locks list`.',
  },
  FENCED: {
    status: 409,
    exit: 'refused',
    message: 'Attempt {attempt} was replaced; its result does not count.',
    hint: 'See the newer attempt in `reeve jobs show`.',
  },
  ARTIFACT_GATED: {
    status: 403,
    exit: 'refused',
    message: 'The artifact {digest} belongs to an attempt that is {status}, not PASS.',
    hint: 'Only results of passed attempts can be read as inputs.',
  },
} as const satisfies ErrorTable;
