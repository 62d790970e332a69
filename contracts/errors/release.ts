import type { ErrorTable } from './table.ts';

export const releaseErrors = {
  RELEASE_REFUSED: {
    status: 409,
    exit: 'refused',
    message: '{project} is not released: {why}.',
    hint: 'Nothing was changed. Put the repository right and run it again; `reeve release --dry-run` shows what it would do.',
  },
  RELEASE_UNFINISHED: {
    status: 502,
    exit: 'failed',
    message: '{project} {tag} is cut, and not {what}: {why}.',
    hint: 'Commit and tag stay as they are. Put it right and run `reeve release` once more: it goes on with this version, and nothing is made twice.',
  },
} as const satisfies ErrorTable;
