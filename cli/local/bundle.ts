import { readFileSync, statSync, type Stats } from 'node:fs';
import { fileURLToPath } from 'node:url';

/*
 * Loading the daemon's 900 files (ours, and those of the packages) one by one takes most of a start. scripts/bundle.ts
 * therefore keeps a copy of them in one file. It is a cache like Node's compile cache: on any doubt the files themselves run.
 */

/** The clone, with a slash at its end. */
export const ROOT = fileURLToPath(new URL('../../', import.meta.url));
/** In the clone and not in a folder of the system that others may write to: what is cached there is run. */
export const CACHE = `${ROOT}node_modules/.cache/reeve-daemon/`;

/** What a bundle was made from, and for which Node. */
export interface Manifest {
  runs: string;
  root: string;
  /** Name of the bundle in the folder, and which file of that name it was. */
  file: string;
  identity: string;
  /** Path relative to the clone → stamp, of every file that went into it or decided what did. */
  inputs: Record<string, Stamp>;
}
export type Stamp = readonly [size: number, mtimeMs: number, ctimeMs: number];

export const RUNS = `${process.version} ${process.platform} ${process.arch}`;

const NO_FILE: Stamp = [-1, 0, 0];

/**
 * Differs after every change of the file: the system sets ctime itself, so neither a package manager that gives all files
 * one date nor an edit of equal length goes unseen.
 */
export function stampOf(path: string): Stamp {
  const stat = statSync(path, { throwIfNoEntry: false });
  return stat === undefined ? NO_FILE : [stat.size, stat.mtimeMs, stat.ctimeMs];
}

/** Of the bundle, which was a draft under another name when it was written: unlike ctime, all this survives a rename. */
export const identityOf = (stat: Stats | undefined): string =>
  stat === undefined ? '' : `${stat.size} ${stat.mtimeMs} ${stat.ino}`;

/** `REEVE_BUNDLE=off`: the files themselves, for a debugger or a stack trace. */
export const bundleWanted = (): boolean => process.env['REEVE_BUNDLE'] !== 'off';

/** Made for this Node, in this place, from the files as they are now (takes 5 ms). */
export function isRight({ runs, root, inputs }: Pick<Manifest, 'runs' | 'root' | 'inputs'>): boolean {
  if (runs !== RUNS || root !== ROOT) return false;
  for (const file in inputs) {
    const stamp = stampOf(ROOT + file);
    if (inputs[file]?.some((part, at) => part !== stamp[at]) !== false) return false;
  }
  return true;
}

/** The bundle's path, when there is a right one. */
export function freshBundle(cache = CACHE): string | undefined {
  try {
    const made = JSON.parse(readFileSync(`${cache}manifest.json`, 'utf8')) as Manifest;
    const path = cache + made.file;
    return identityOf(statSync(path)) === made.identity && isRight(made) ? path : undefined;
  } catch {
    return undefined;
  }
}
