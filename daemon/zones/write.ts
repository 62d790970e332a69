import fs from 'node:fs/promises';
import path from 'node:path';
import { fail } from '../../contracts/errors.ts';
import type { EstateConfig } from '../../contracts/estate.ts';
import { errno } from '../durable.ts';
import { oneLine } from '../text.ts';

type Zone = 'system' | 'state' | 'app' | 'other' | 'outside';
/** The daemon's own folder inside a project: postmortems and the like. */
const OWN_STATE = '.reeve';
/** Never written by name, because git runs what is in it. */
const OWN_SYSTEM = '.git';

/** From the most to the least forbidding. */
const STRICTNESS: readonly Zone[] = ['outside', 'system', 'other', 'app', 'state'];

/**
 * The real, absolute path a write to `file` would reach. Throws `ZONE_REFUSED` for the system zone, for anything outside
 * the estate, and, unless `confirmed`, for everything but the state zone. Links are followed as far as the path exists, and
 * both the path as given and the one it leads to must be allowed.
 *
 * @param file Relative to the root, or absolute.
 * @param projects Folders of the projects, relative to the root: each has a state folder of its own.
 */
export async function checkWrite(
  root: string,
  zones: EstateConfig['zones'],
  file: string,
  confirmed: boolean,
  projects: readonly string[] = [],
): Promise<string> {
  const refuse = (why: string): Error => fail('ZONE_REFUSED', { path: oneLine(file, 300), why });
  if (file.includes('\0')) throw refuse('it contains a NUL');
  const realRoot = await fs.realpath(root);
  const real = await follow(path.resolve(realRoot, file), refuse);
  const given = path.relative(realRoot, path.resolve(realRoot, file));
  const names = [path.relative(realRoot, real)];
  // An absolute path may name the root through a link of its own; then only where it leads says anything.
  if (!path.isAbsolute(file)) names.push(given);
  const zone = names
    .map((name) => zoneOf(zones, name, projects))
    .reduce((a, b) => (STRICTNESS.indexOf(a) <= STRICTNESS.indexOf(b) ? a : b));
  if (zone === 'outside') throw refuse('it is outside the estate');
  if (zone === 'system') throw refuse('it is in the system zone');
  if (zone !== 'state' && !confirmed) throw refuse('nobody confirmed it');
  return real;
}

/** The zone of a path relative to the estate's root. */
function zoneOf(zones: EstateConfig['zones'], relative: string, projects: readonly string[]): Zone {
  const parts = relative.split(path.sep);
  if (relative === '' || path.isAbsolute(relative) || parts[0] === '..') return 'outside';
  // On a file system that ignores case .Claude is .claude.
  const folded = parts.map((part) => part.normalize('NFC').toLowerCase());
  if (folded.includes(OWN_SYSTEM)) return 'system';
  if (zones.system.some((zone) => isIn(folded, zone.normalize('NFC').toLowerCase()))) return 'system';
  const own = ['.', ...projects].map((folder) => path.join(folder, OWN_STATE));
  if (own.some((folder) => isIn(parts, folder)) || zones.state.some((zone) => isIn(parts, zone)))
    return 'state';
  return zones.app.some((zone) => isIn(parts, zone)) ? 'app' : 'other';
}

function isIn(parts: readonly string[], zone: string): boolean {
  const folders = path
    .normalize(zone)
    .split(path.sep)
    .filter((part) => part !== '' && part !== '.');
  return folders.length > 0 && folders.every((folder, i) => parts[i] === folder);
}

/** realpath(3) of the part that exists, with the rest appended. */
async function follow(file: string, refuse: (why: string) => Error): Promise<string> {
  const rest: string[] = [];
  for (let at = file; ; at = path.dirname(at)) {
    try {
      return path.join(await fs.realpath(at), ...rest);
    } catch (error) {
      if (errno(error) === 'ELOOP') throw refuse('its links go in circles');
      if (errno(error) === 'ENOTDIR') throw refuse('a part of it is not a folder');
      if (errno(error) !== 'ENOENT') throw refuse(`it cannot be looked at (${errno(error)})`);
      if (await isLink(at)) throw refuse('it is a link to nowhere');
      if (at === path.dirname(at)) throw error;
      rest.unshift(path.basename(at));
    }
  }
}

async function isLink(file: string): Promise<boolean> {
  try {
    return (await fs.lstat(file)).isSymbolicLink();
  } catch {
    return false;
  }
}
