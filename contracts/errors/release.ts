import type { ErrorTable } from './table.ts';

export const releaseErrors = {
  RELEASE_REFUSED: {
    status: 409,
    exit: 'refused',
    message: '{project} is not released: {why}.',
    hint: 'Nothing was changed. Put the repository right and run it again; `reeve release --dry-run` shows what it would do.',
  },
} as const satisfies ErrorTable;
