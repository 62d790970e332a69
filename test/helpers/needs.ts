import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

/** Path of a program, or undefined. The administrators' folders are looked at, too. */
export function programPath(name: string): string | undefined {
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin', '/sbin', '/usr/bin', '/bin'];
  return folders
    .map((folder) => join(folder, name))
    .find((path) => {
      try {
        accessSync(path, constants.X_OK);
        return true;
      } catch {
        return false;
      }
    });
}

/** Why a test that needs this program is skipped; false when it can run. With CI=true it runs, and fails, regardless. */
export function lacks(name: string, from: string): boolean {
  if (programPath(name) !== undefined) return false;
  console.warn(`skipped: there is no ${name} (${from})`);
  return process.env['CI'] !== 'true';
}
