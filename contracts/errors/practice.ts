import type { ErrorTable } from './table.ts';

export const practiceErrors = {
  SLO_UNKNOWN: {
    status: 404,
    exit: 'usage',
    message: 'There is no objective {name}.',
    hint: 'See {help}.',
  },
} as const satisfies ErrorTable;
