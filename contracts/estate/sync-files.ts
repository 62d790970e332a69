import type { SchemaSource, SyncSpec } from './sync.ts';

/** Whether it is mirrored as JSON or YAML. */
export const schemaFormat = ({ format, url, file }: SchemaSource): 'json' | 'yaml' =>
  format ?? (/\.ya?ml$/.test(file ?? new URL(url ?? '').pathname) ? 'yaml' : 'json');
/** Its mirror, and its page for people. */
export const schemaFiles = (name: string, source: SchemaSource): [string, string] => [
  `${source.to}/${name}.${schemaFormat(source)}`,
  `${source.to}/${name}.md`,
];

/** Every sync job, and what it writes: relative to where its scope begins. */
export const SYNC_FILES = {
  'activity-log': ({ activity_log }: SyncSpec): string[] => [activity_log.to],
  schemas: ({ schemas }: SyncSpec): string[] =>
    Object.entries(schemas).flatMap(([name, source]) => schemaFiles(name, source)),
  /** It changes incidents, and no file. */
  linear: (): string[] => [],
  /** It writes into the home. */
  github: (): string[] => [],
  todos: ({ todos }: SyncSpec): string[] => [todos.to, todos.json],
} as const;
export type SyncName = keyof typeof SYNC_FILES;
