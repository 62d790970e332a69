import { z } from 'zod';
import { Verb } from './verb.ts';

/** What an argument is: front ends use it for parsing, completion and pickers. */
export const ArgType = z.enum([
  'string',
  'integer',
  'boolean',
  'duration',
  'enum',
  'list',
  'project',
  'environment',
  'runbook',
  'job',
  'grant',
  'request',
  'person',
  'schedule',
  'json',
]);
export type ArgType = z.infer<typeof ArgType>;

export const ArgSpec = z.object({
  /** snake_case key in the arguments object. */
  name: z.string(),
  /** Long flag without dashes, kebab-case. Positional arguments have one too. */
  flag: z.string(),
  type: ArgType,
  description: z.string(),
  required: z.boolean(),
  /** Order among positional arguments, from 0; absent: flag only. */
  position: z.int().min(0).optional(),
  /** `enum` only. */
  choices: z.array(z.string()).optional(),
  default: z.union([z.string(), z.number(), z.boolean()]).optional(),
  /** A boolean that also has a `--no-…` form with its own meaning. */
  negatable: z.boolean().optional(),
  /** A secret: on a command line `-` reads it from standard input. */
  concealed: z.boolean().optional(),
});
export type ArgSpec = z.infer<typeof ArgSpec>;

/** One command as every front end sees it. */
export const CommandSpec = z.object({
  /** Words separated by blanks, e.g. `preauth create-grant`. */
  name: z.string(),
  summary: z.string(),
  description: z.string().optional(),
  /** Heading it stands under in help. */
  group: z.string(),
  verb: Verb,
  /** read: changes nothing. admin: needs the role, leaves an AdminEvent. privileged: runs a job under a grant. */
  kind: z.enum(['read', 'admin', 'privileged']),
  /** Shows its plan and asks, unless forced. */
  destructive: z.boolean(),
  args: z.array(ArgSpec),
  /** Complete command lines without the leading program name. */
  examples: z.array(z.string()).min(1),
  aliases: z.array(z.string()).default([]),
  /** It can be asked of a message: what the menu of messages calls it. Slack shows 24 characters. */
  menu: z.string().min(1).max(24).optional(),
  /** Came from a runbook with `command: true`. */
  runbook: z.string().optional(),
});
export type CommandSpec = z.infer<typeof CommandSpec>;

export const Catalogue = z.object({
  v: z.literal(1),
  /** Digest over the commands: front ends redeploy when it changes. */
  digest: z.string(),
  reeve: z.string(),
  commands: z.array(CommandSpec),
});
export type Catalogue = z.infer<typeof Catalogue>;
