import { constants } from 'node:fs';
import { open, readlink, realpath } from 'node:fs/promises';
import { join, sep } from 'node:path';
import { z } from 'zod';
import { fail } from '../../../contracts/errors.ts';
import { errno } from '../../durable.ts';
import { oneLine } from '../../text.ts';
import { StepMistake, defineKind, specObject } from './kind.ts';

/** Larger things belong into a store of their own. */
const MAX_BYTES = 64 * 1024 * 1024;

/** A path below the scratch folder: no `..`, not absolute, no NUL. */
const inScratch = (path: string): boolean =>
  path !== '' &&
  !path.includes('\0') &&
  !path.startsWith('/') &&
  path.split('/').every((part) => part !== '' && part !== '..' && part !== '.');

/** What is wrong with the file, for people. */
class Refused extends Error {}

/** Keeps a file of the scratch folder as an artifact of the job. */
export const artifact = defineKind({
  kind: 'artifact',
  summary: 'Stores a file from $REEVE_SCRATCH as evidence of the job, under its digest.',
  body: 'none',
  reads: { outputs: true, secrets: false },
  attributes: z.object({
    path: z.string().min(1).max(300),
    media_type: z
      .string()
      .max(100)
      .regex(/^[\w.+-]+\/[\w.+-]+$/, 'a media type such as text/plain')
      .default('application/octet-stream'),
    title: z.string().min(1).max(200).optional(),
  }),
  spec: specObject({ path: z.string(), media_type: z.string(), title: z.string() }),
  plan({ path, media_type, title }) {
    if (!path.includes('${') && !inScratch(path))
      throw new StepMistake(`path: ${oneLine(path, 100)} is not a path below $REEVE_SCRATCH`);
    return {
      summary: `keeps ${path} as an artifact`,
      spec: { path, media_type, title: title ?? path.split('/').at(-1) ?? path },
    };
  },
  async run({ path, media_type, title }, context, step) {
    const name = await context.fill(path);
    let bytes: Buffer;
    try {
      bytes = await readInside(context.scratch, name);
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      const why = `${oneLine(name, 200)}: ${error.message}`;
      throw fail('STEP_FAILED', { step: step.name, why, job: context.spec.job_id }, { cause: error });
    }
    const shown = oneLine(await context.fill(title), 200);
    const ref = await context.services.putArtifact(bytes, { mediaType: media_type, name: shown });
    await context.log('reeve', `kept ${name} (${bytes.length} bytes) as ${ref.digest ?? ref.ref}\n`);
    return {
      status: 'PASS',
      artifacts: [ref],
      outputs: { digest: ref.digest ?? ref.ref, size: String(bytes.length) },
    };
  },
});

/**
 * Reads a file below `folder`. Which file was opened is asked of the open descriptor, so that a folder swapped for a
 * symbolic link between a check and the opening gains nothing.
 */
async function readInside(folder: string, name: string): Promise<Buffer> {
  if (!inScratch(name)) throw new Refused('it is not a path below $REEVE_SCRATCH');
  const path = join(folder, name);
  let file;
  try {
    file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (error) {
    if (errno(error) === 'ENOENT') throw new Refused('there is no such file', { cause: error });
    if (errno(error) === 'ELOOP') throw new Refused('it is a symbolic link', { cause: error });
    throw error;
  }
  try {
    const root = await realpath(folder);
    const opened = await readlink(`/proc/self/fd/${file.fd}`).catch(() => realpath(path));
    if (!opened.startsWith(root + sep)) throw new Refused('it leads out of $REEVE_SCRATCH');
    const stat = await file.stat();
    if (!stat.isFile()) throw new Refused('it is not a plain file');
    // A hard link to a file elsewhere has that file's content.
    if (stat.nlink > 1) throw new Refused('it is a hard link');
    if (stat.size > MAX_BYTES) throw new Refused(`it has more than ${MAX_BYTES} bytes`);
    return await file.readFile();
  } finally {
    await file.close();
  }
}
