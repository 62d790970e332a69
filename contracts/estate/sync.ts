import { z } from 'zod';
import { Slug } from '../ids.ts';
import { LinearTeam } from './integrations.ts';

/** A file below the estate or the project's folder: relative, without `..`, and nothing hidden in it. */
export const FilePath = (ending: RegExp, what: string) =>
  z
    .string()
    .max(300)
    .regex(ending, what)
    .refine(
      (path) => path.split('/').every((part) => /^[\w.@+-]+$/.test(part) && !/^\.+$/.test(part)),
      'a relative path of letters, digits, . _ - @ +, without ..',
    );

/**
 * A description of an API that is mirrored: OpenAPI, or JSON Schema. Where it comes from, and the folder below the estate
 * that gets `<name>.json` or `<name>.yaml` and, for people, `<name>.md`.
 */
const SchemaSource = z
  .strictObject({
    url: z
      .url({ protocol: /^https?$/ })
      .max(2000)
      .optional(),
    /** Below the estate. */
    file: FilePath(/\.(json|ya?ml)$/, 'a JSON or YAML file').optional(),
    to: FilePath(/./, 'a folder'),
    /** Absent: as its name ends; json when that says nothing. */
    format: z.enum(['json', 'yaml']).optional(),
  })
  .refine(({ url, file }) => (url === undefined) !== (file === undefined), 'either url or file');
export type SchemaSource = z.infer<typeof SchemaSource>;

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
      /** Each becomes an issue of Linear, in the team of integrations.linear. Absent: none does. */
      linear: z
        .strictObject({
          /** Labels, by name, that are put on it. */
          labels: z.array(z.string().min(1).max(80)).max(10).default([]),
          /**
           * Team of a TODO → key of its team in Linear: the `web` of `TODO(ana@web)` → `WEB`. What is not named goes to
           * the team of integrations.linear.
           */
          teams: z.record(z.string().regex(/^[\w.-]{1,64}$/, 'the team of a TODO'), LinearTeam).default({}),
          /** Issues that one run makes, changes or comments on; the rest is for the next. */
          max: z.int().min(1).max(500).default(20),
        })
        .optional(),
    })
    .prefault({}),
  /** What is mirrored of GitHub. */
  github: z
    .strictObject({
      /** Issues with this label. */
      label: z.string().min(1).max(50).default('ops'),
    })
    .prefault({}),
  /** Schemas of APIs, for people and programs that work on the project. */
  schemas: z.record(Slug, SchemaSource).default({}),
});
export type SyncSpec = z.infer<typeof SyncSpec>;
