import { randomBytes } from 'node:crypto';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { fail } from '../../../contracts/errors.ts';
import type { DriverContext } from '../driver.ts';
import { lastWords, runProgram, type ProgramDeps } from '../programs.ts';
import { Response, type Request } from './request.ts';

const MAIN = fileURLToPath(new URL('./main.ts', import.meta.url));

export type Answer = Exclude<Response, { failed: unknown }>;

/** Works on a database file in a process of its own. Rejects with the code it failed with there, or what `failed` makes of it. */
export async function askProcess(
  deps: ProgramDeps,
  context: DriverContext,
  request: Request,
  failed: (why: string) => Error,
): Promise<Answer> {
  const file = join(context.scratch, `.sqlite-${randomBytes(6).toString('hex')}.json`);
  await writeFile(file, JSON.stringify(request), { flag: 'wx', mode: 0o600 });
  try {
    const ran = await runProgram(deps, context, {
      program: process.execPath,
      args: ['--disable-warning=ExperimentalWarning', MAIN, file],
      package: 'Node.js 24',
    });
    const response = ran.code === 0 ? Response.safeParse(parsed(ran.stdout)) : undefined;
    if (response?.success !== true) throw failed(lastWords(ran));
    if (!('failed' in response.data)) return response.data;
    const { code, why } = response.data.failed;
    if (code === 'RESTORE_MISMATCH' || code === 'DRILL_WORTHLESS') throw fail(code, { why });
    throw failed(why);
  } finally {
    await rm(file, { force: true });
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

export const saysFull = (why: string): boolean =>
  /disk is full|ENOSPC|no space left|disk I\/O error/i.test(why);
