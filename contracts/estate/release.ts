import { z } from 'zod';
import { Slug } from '../ids.ts';
import { Repository } from './integrations.ts';
import { FilePath } from './sync.ts';

/**
 * Where `git push` can go, and nothing else: https without a name or password in it, ssh, or a folder of this machine.
 * What Git would hand to a helper program (`ext::`) is none of them.
 */
export const RemoteAddress = z
  .string()
  .max(400)
  .regex(
    /^(?:https:\/\/[\w.-]+(?::\d{1,5})?\/[^\s@?#]+|ssh:\/\/(?:[\w.-]+@)?[\w.-]+(?::\d{1,5})?\/\S+|[\w.]+@[\w.-]+:[^\s:]+|(?:file:\/\/)?\/[^\n\r\0]+)$/,
    'https://HOST/PATH without a password, ssh://HOST/PATH, git@HOST:PATH, or the absolute path of a folder',
  );
const RemoteName = z.string().regex(/^[A-Za-z0-9][\w.-]{0,60}$/, 'the name of a remote');

const Push = z.strictObject({
  /** A remote of the project's repository by its name, or an address. */
  remote: z.union([RemoteName, RemoteAddress]).default('origin'),
  /** Only this branch is released, and it is pushed to the branch of the same name. Absent: the one that is checked out. */
  branch: z
    .string()
    .max(200)
    .regex(/^(?!-)(?!.*(?:\.\.|\/\/|@\{))[\w./@+-]+$/, 'the name of a branch')
    .optional(),
  /** Name of the stored secret with the token for an https address. */
  token: Slug.optional(),
  /** Name of the stored secret with a private key for an ssh address, such as a deploy key; without passphrase. */
  key: Slug.optional(),
  /** Keys of the ssh server, as `ssh-keyscan` prints them without the name: only these are taken for it. */
  host_keys: z
    .array(
      z
        .string()
        .max(2000)
        .regex(/^(?:ssh|ecdsa|sk)-[\w@.-]+ [A-Za-z0-9+/]+={0,3}$/, 'a public key, such as ssh-ed25519 AAAA…'),
    )
    .max(10)
    .default([]),
  /** Who the token belongs to, as the server wants to hear it. */
  user: z
    .string()
    .regex(/^[\w.@+-]{1,80}$/, 'a user name')
    .default('x-access-token'),
});
export type PushSpec = z.infer<typeof Push>;

/** What a release of a project changes, and where it goes. Without `push` it stays in the repository of this machine. */
export const ReleaseSpec = z
  .strictObject({
    /**
     * Files whose own `version` becomes the released one, relative to the project's folder; what is not there, or has none,
     * is left alone.
     */
    files: z
      .array(FilePath(/\.(json|ya?ml)$/, 'a JSON or YAML file'))
      .max(20)
      .default(['package.json', 'package-lock.json']),
    push: Push.optional(),
    /** The repository of `integrations.github.repositories` that gets a release with the notes. */
    github: Repository.optional(),
  })
  .refine(
    ({ github, push }) => github === undefined || push !== undefined,
    'a release at GitHub needs its tag there: set push, too',
  );
export type ReleaseSpec = z.infer<typeof ReleaseSpec>;
