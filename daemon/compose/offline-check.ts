import path from 'node:path';
import type { Reply } from '../../contracts/reply.ts';
import { problemDraft } from '../actions/problems.ts';
import { readSettings } from '../config.ts';
import { reading } from '../estate/config.ts';
import { checkEstate, findEstate, loadEstate, readFile } from '../estate/load.ts';
import { nodeFs } from '../fs.ts';
import type { LintProblem } from '../ports/runbooks.ts';
import { estateChecks } from './estate-checks.ts';
import { lazyRunbooks } from './runbooks.ts';

/** Secrets are sealed: which there are only a daemon can tell. */
const checks = estateChecks({ has: () => Promise.resolve(true) });

/**
 * What `config check` says without a daemon, of the file that a start from this folder would take. Writes nothing. Rejects
 * CONFIG_NOT_FOUND, and CONFIG_INVALID for a file that cannot be read.
 */
export async function offlineCheck(): Promise<Reply> {
  const { config, cwd } = readSettings();
  const file = await findEstate(config, cwd);
  const { problems: found } = await checkEstate(await readFile(file), checks);
  const problems: LintProblem[] = found.map(({ line, col, message, severity }) => ({
    at: `${path.basename(file)}:${line}:${col}`,
    message,
    severity,
  }));
  const sound = problems.every(({ severity }) => severity === 'warning');
  if (sound) problems.push(...(await lint(file)));
  const {
    ok = true,
    tone = 'info',
    title,
    blocks = [],
    data,
  } = problemDraft(problems, 'Everything is valid.');
  const about = sound ? 'its secrets were not looked for' : 'its runbooks and secrets were not looked at';
  const hint = { type: 'hint' as const, text: `No daemon runs. This is ${file}; ${about}.` };
  return { v: 1, command: 'config check', ok, tone, title, blocks: [...blocks, hint], data };
}

/** Mistakes of the runbooks that this file names. */
async function lint(file: string): Promise<LintProblem[]> {
  const estate = await loadEstate(file, checks);
  const config = { ...reading(() => estate), onChange: () => () => undefined };
  return lazyRunbooks({ config, fs: nodeFs }).lint();
}
