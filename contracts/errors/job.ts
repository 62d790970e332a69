import type { ErrorTable } from './table.ts';

export const jobErrors = {
  JOB_NOT_FOUND: {
    status: 404,
    exit: 'usage',
    message: 'There is no job {id}.',
    hint: 'See `reeve jobs list`.',
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
