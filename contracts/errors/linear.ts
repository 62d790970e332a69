import type { ErrorTable } from './table.ts';

export const linearErrors = {
  LINEAR_OFF: {
    status: 409,
    exit: 'refused',
    message: 'No issue can be written to Linear.',
    hint: 'Store an API key (`reeve secret set linear_token --value -`) and name it and a team in reeve.yaml: integrations.linear.token, integrations.linear.team.',
  },
} as const satisfies ErrorTable;
