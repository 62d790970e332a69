import { z } from 'zod';

/** A file below the estate or the project's folder: relative, without `..`, and nothing hidden in it. */
const FilePath = (ending: RegExp, what: string) =>
  z
    .string()
    .max(300)
    .regex(ending, what)
    .refine(
      (path) => path.split('/').every((part) => /^[\w.@+-]+$/.test(part) && !/^\.+$/.test(part)),
      'a relative path of letters, digits, . _ - @ +, without ..',
    );

/** Records that the daemon keeps in step for people, in files of theirs. */
export const SyncSpec = z.strictObject({
  /** The daily notes. Relative to the project's folder; with the scope `estate`, to the estate's. */
  activity_log: z
    .strictObject({
      to: FilePath(/\.md$/, 'a Markdown file').default('docs/devops/activity-log.md'),
    })
    .prefault({}),
  /** TODOs with an owner: for people, and as JSON. Relative as above. */
  todos: z
    .strictObject({
      to: FilePath(/\.md$/, 'a Markdown file').default('docs/devops/todos.md'),
      json: FilePath(/\.json$/, 'a JSON file').default('docs/devops/todos.json'),
    })
    .prefault({}),
});
export type SyncSpec = z.infer<typeof SyncSpec>;
