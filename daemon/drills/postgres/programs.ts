import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { fail } from '../../../contracts/errors.ts';
import type { DriverContext } from '../driver.ts';
import { lastWords, runProgram, type ProgramDeps } from '../programs.ts';

/** Major version of one of PostgreSQL's programs. @throws PROGRAM_MISSING, PROGRAM_VERSION */
export async function programMajor(
  deps: ProgramDeps,
  context: DriverContext,
  program: string,
  bin: string | undefined,
): Promise<number> {
  const ran = await runProgram(deps, context, {
    program,
    args: ['--version'],
    bin,
    package: packageOf(program),
  });
  const major = Number(/\(PostgreSQL\)\s+(\d+)/.exec(ran.stdout)?.[1]);
  if (Number.isInteger(major)) return major;
  throw fail('PROGRAM_VERSION', {
    program,
    found: `unknown: ${lastWords(ran)}`,
    needed: 'one of PostgreSQL',
  });
}

export const packageOf = (program: string): string =>
  program === 'postgres'
    ? 'the PostgreSQL server (Debian: postgresql)'
    : "PostgreSQL's client (Debian: postgresql-client)";

/** Distributions keep the server's programs off the path, by major version. */
export async function serverBin(bin: string | undefined, major: number): Promise<string | undefined> {
  if (bin !== undefined) return bin;
  for (const dir of [
    `/usr/lib/postgresql/${major}/bin`,
    `/usr/pgsql-${major}/bin`,
    `/opt/homebrew/opt/postgresql@${major}/bin`,
  ]) {
    const there = await access(join(dir, 'postgres')).then(
      () => true,
      () => false,
    );
    if (there) return dir;
  }
  return undefined;
}
