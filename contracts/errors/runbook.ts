import type { ErrorTable } from './table.ts';

export const runbookErrors = {
  RUNBOOK_NOT_FOUND: {
    status: 404,
    exit: 'usage',
    message: 'There is no runbook {id}.',
    hint: '{suggestion}',
  },
  RUNBOOK_INVALID: {
    status: 400,
    exit: 'usage',
    message: '{file} has {count mistake}: {why}.',
    hint: 'Correct what is named; `reeve runbook lint` checks all of them.',
  },
  RUNBOOK_PATH_REFUSED: {
    status: 400,
    exit: 'refused',
    message: '{name} is not a runbook name.',
    hint: 'Use the lower-case id of a file in the runbooks folder.',
  },
  RUNBOOK_CHANGED: {
    status: 409,
    exit: 'refused',
    message: 'The runbook {id} changed after its plan was made.',
    hint: 'Look at the new plan and confirm it again.',
  },
  INPUT_INVALID: {
    status: 400,
    exit: 'usage',
    message: 'Input {name}: {why}.',
    hint: 'See `reeve runbook show {runbook}`.',
  },
  STEP_FAILED: {
    status: 500,
    exit: 'failed',
    message: 'Step {step} failed: {why}.',
    hint: 'See `reeve jobs logs {job}`.',
  },
  STEP_TIMED_OUT: {
    status: 504,
    exit: 'failed',
    message: 'Step {step} took longer than {timeout}.',
    hint: 'Raise its timeout= or find out why it hangs: `reeve jobs logs {job}`.',
  },
  STEP_OUTPUT_LIMIT: {
    status: 500,
    exit: 'failed',
    message: 'Step {step} printed more than {max} bytes and was stopped.',
    hint: 'Write bulk to a file in $REEVE_SCRATCH.',
  },
  STEP_OUTPUT_INVALID: {
    status: 500,
    exit: 'failed',
    message: 'Step {step} wrote an invalid output: {why}.',
    hint: 'Outputs are name=value lines with lower-case names.',
  },
  ASSERTION_FAILED: {
    status: 500,
    exit: 'failed',
    message: 'Assertion {step}: {why}.',
    hint: 'Compare the values in `reeve jobs show {job}`.',
  },
  ADDRESS_REFUSED: {
    status: 403,
    exit: 'refused',
    message: 'Requests to {address} are refused: {why}.',
    hint: 'Allow the host under network.allow in reeve.yaml if it is meant.',
  },
} as const satisfies ErrorTable;
