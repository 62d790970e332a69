import { join } from 'node:path';
import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { fail } from '../../../contracts/errors.ts';
import { digestFile } from '../verify/tree.ts';

/** The parts of `backup_manifest` (PostgreSQL documentation, chapter "Backup Manifest Format") that are used. */
const BackupManifest = z.object({
  Files: z
    .array(
      z.object({
        Path: z
          .string()
          .regex(/^(?!\/)(?!.*(?:^|\/)\.\.(?:\/|$)).{1,1000}$/)
          .optional(),
        'Encoded-Path': z.string().optional(),
        Size: z.int().min(0),
        'Checksum-Algorithm': z.literal('SHA256'),
        Checksum: z.string().regex(/^[0-9a-f]{64}$/),
      }),
    )
    .min(1),
});

export const MANIFEST = 'backup_manifest';

/**
 * Every file of a base backup has the digest that PostgreSQL itself wrote into its manifest.
 *
 * @returns paths of the files, relative
 * @throws BACKUP_CORRUPT
 */
export async function verifyBase(dir: string, id: string, signal: AbortSignal): Promise<string[]> {
  const corrupt = (why: string, cause?: unknown): Error => fail('BACKUP_CORRUPT', { id, why }, { cause });
  const manifest = await readFile(join(dir, MANIFEST), 'utf8')
    .then((text) => BackupManifest.parse(JSON.parse(text)))
    .catch((cause: unknown) => {
      throw corrupt(`its ${MANIFEST} cannot be read`, cause);
    });
  const paths: string[] = [];
  for (const { Path, Size, Checksum } of manifest.Files) {
    if (Path === undefined) throw corrupt('it has a file whose name is not UTF-8');
    const got = await digestFile(join(dir, Path), signal);
    if (got === undefined) throw corrupt(`${Path} is missing`);
    if (got.size !== Size) throw corrupt(`${Path} has ${got.size} bytes instead of ${Size}`);
    if (got.sha256 !== Checksum) throw corrupt(`${Path} has the digest ${got.sha256}`);
    paths.push(Path);
  }
  return paths;
}
