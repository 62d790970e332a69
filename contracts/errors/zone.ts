import type { ErrorTable } from './table.ts';

export const zoneErrors = {
  ZONE_REFUSED: {
    status: 403,
    exit: 'refused',
    message: 'Writing to {path} is refused: {why}.',
    hint: 'Write under grimoires/ or .beads/; src/, lib/ and app/ only after confirmation; .claude/ never.',
  },
  ZONE_DRIFT: {
    status: 409,
    exit: 'integrity',
    message: 'The system zone changed: {files}.',
    hint: 'Review the change; then record it with `reeve zones accept`, or set integrity to warn.',
  },
} as const satisfies ErrorTable;
