import type { SyncSpec } from './sync.ts';

/** Every sync job, and what it writes: relative to where its scope begins. */
export const SYNC_FILES = {
  'activity-log': ({ activity_log }: SyncSpec): string[] => [activity_log.to],
  todos: ({ todos }: SyncSpec): string[] => [todos.to, todos.json],
} as const;
export type SyncName = keyof typeof SYNC_FILES;
