import type { ErrorTable } from './table.ts';

export const ruleErrors = {
  RULE_UNKNOWN: {
    status: 404,
    exit: 'usage',
    message: 'There is no rule {rule}.',
    hint: '{help}',
  },
  RULE_NOT_STOPPED: {
    status: 409,
    exit: 'refused',
    message: 'The rule {rule} is not stopped.',
    hint: 'Nothing to do; `reeve rules list` shows what it did.',
  },
} as const satisfies ErrorTable;
