import type { ErrorTable } from './table.ts';

export const syncErrors = {
  SYNC_UNKNOWN: {
    status: 404,
    exit: 'usage',
    message: 'There is no sync job {sync}.',
    hint: '{help}',
  },
  SYNC_NOT_GIT: {
    status: 409,
    exit: 'refused',
    message: 'Git cannot tell what {folder} holds: {why}.',
    hint: 'The folder of the project must be in a Git repository that belongs to the user of the daemon; `git -C FOLDER status` shows what is wrong.',
  },
  SYNC_SOURCE: {
    status: 502,
    exit: 'failed',
    message: '{count} of {of} could not be had: {why}.',
    hint: 'The others are up to date. A private address must stand in network.allow; what is no valid OpenAPI or JSON Schema is not mirrored.',
  },
  SYNC_GITHUB: {
    status: 502,
    exit: 'failed',
    message: 'GitHub is not mirrored to its end: {why}.',
    hint: 'What was read is kept; the same command goes on there. A credential that is refused needs a new one: reeve secret set.',
  },
  SYNC_FILE: {
    status: 409,
    exit: 'refused',
    message: '{file} is not written: {why}.',
    hint: 'Nothing was changed. Put the file right, or wait until nobody writes it, and run it again.',
  },
} as const satisfies ErrorTable;
