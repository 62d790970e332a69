import type { ErrorTable } from './table.ts';

export const linearErrors = {
  LINEAR_OFF: {
    status: 409,
    exit: 'refused',
    message: 'No issue can be written to Linear.',
    hint: 'Store an API key (`reeve secret set linear_token --value -`) and name it and a team in reeve.yaml: integrations.linear.token, integrations.linear.team.',
  },
  CAPTURE_NOTHING: {
    status: 400,
    exit: 'usage',
    message: 'There is nothing to keep.',
    hint: '{why}. Say it: `reeve capture "the export is hidden"`. In chat the menu of a message (Apps, or More actions) keeps that message.',
  },
  LINEAR_UNREAD: {
    status: 502,
    exit: 'failed',
    message: 'Linear cannot be read: {why}.',
    hint: 'What was done so far lasts, and the next run goes on there. `reeve linear status` shows the budget and what waits.',
  },
} as const satisfies ErrorTable;
