import { z } from 'zod';

/** What a role may do. `view` is read-only commands. */
export const Verb = z.enum([
  'view',
  'deploy',
  'run',
  'read',
  'publish',
  'subscribe',
  'approve',
  'administer',
]);
export type Verb = z.infer<typeof Verb>;
