import { opendir, readlink, realpath, symlink, unlink } from 'node:fs/promises';
import { isAbsolute, join, relative, sep } from 'node:path';
import { fail } from '../../../contracts/errors.ts';

const within = (path: string, folder: string): boolean =>
  path === folder || path.startsWith(folder.endsWith(sep) ? folder : `${folder}${sep}`);

/**
 * Points the absolute links of a restored tree that lead into the live data (`current → /srv/app/releases/42`) at the copy,
 * as a chroot would: what is started on the copy must not read, let alone write, what is live.
 *
 * @param data the tree; it holds each live path below itself
 * @param live absolute paths that were backed up
 */
export async function aimLinks(data: string, live: readonly string[], signal: AbortSignal): Promise<void> {
  const places = await realPlaces(live);
  for await (const path of linksBelow(data, signal)) {
    const to = await readlink(path);
    // A relative one leads to the same place in the copy.
    if (!isAbsolute(to)) continue;
    const place = places.find(({ real, named }) => within(to, named) || within(to, real));
    if (place === undefined) continue;
    const rest = relative(within(to, place.named) ? place.named : place.real, to);
    await unlink(path);
    await symlink(join(data, place.named, rest), path);
  }
}

/**
 * Demands that no link of a restored tree ends in the live data, round whatever corners.
 *
 * @throws RESTORE_LINK_LIVE
 */
export async function mustNotLeadLive(
  data: string,
  live: readonly string[],
  signal: AbortSignal,
): Promise<void> {
  const places = await realPlaces(live);
  for await (const path of linksBelow(data, signal)) {
    const end = await realpath(path).catch(() => undefined);
    if (end === undefined || !places.some(({ real }) => within(end, real))) continue;
    // Its own copy may lie below the live data, when the scratch does.
    if (within(end, data)) continue;
    throw fail('RESTORE_LINK_LIVE', { path: `/${relative(data, path)}`, to: end });
  }
}

async function realPlaces(live: readonly string[]): Promise<{ named: string; real: string }[]> {
  return Promise.all(live.map(async (named) => ({ named, real: await realpath(named).catch(() => named) })));
}

async function* linksBelow(folder: string, signal: AbortSignal): AsyncIterable<string> {
  signal.throwIfAborted();
  for await (const entry of await opendir(folder)) {
    const path = join(folder, entry.name);
    if (entry.isSymbolicLink()) yield path;
    else if (entry.isDirectory()) yield* linksBelow(path, signal);
  }
}
