import fs from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { fail, type ReeveError } from '../../contracts/errors.ts';
import { EstateConfig } from '../../contracts/estate.ts';
import { digestOf } from '../digest.ts';
import { errno } from '../durable.ts';
import type { Estate } from '../ports/config.ts';
import type { EstateCheck } from '../ports/estate-check.ts';
import { crossCheck } from './check.ts';
import { explain } from './explain.ts';
import { keysAt } from './keys.ts';
import { MAX_BYTES, parseYaml, type Problem } from './yaml.ts';

export type { Problem } from './yaml.ts';

/** An estate with the bytes it was read from. */
export interface LoadedEstate extends Estate {
  bytes: Uint8Array;
  /** Not wrong, but worth a look; same form as mistakes. */
  warnings: readonly string[];
}

/** The reeve.yaml that ships with Reeve: the documented example, operating Reeve itself. */
export const SHIPPED = fileURLToPath(new URL('../../reeve.yaml', import.meta.url));

/** Which file to use: the one named, else reeve.yaml in the working directory, else the shipped one. */
export async function findEstate(named: string | undefined, cwd: string): Promise<string> {
  if (named !== undefined) return named;
  const local = path.join(cwd, 'reeve.yaml');
  try {
    await fs.lstat(local);
    return local;
  } catch (error) {
    // Anything but "not there" must be seen: it is the file that was meant.
    return errno(error) === 'ENOENT' ? SHIPPED : local;
  }
}

/**
 * Reads and validates reeve.yaml. Rejects `CONFIG_NOT_FOUND`, `CONFIG_INVALID` (every mistake in `more`).
 *
 * @param checks What features know of their own parts of the file.
 */
export async function loadEstate(file: string, checks: readonly EstateCheck[] = []): Promise<LoadedEstate> {
  const bytes = await readFile(file);
  const { config, warnings } = await parseEstate(bytes, path.basename(file), checks);
  return Object.freeze({
    config,
    warnings,
    bytes,
    digest: digestOf(bytes),
    root: path.dirname(path.resolve(file)),
    file: path.resolve(file),
  });
}

/**
 * The estate in these bytes, deeply frozen. Rejects `CONFIG_INVALID` and nothing else, whatever the bytes are.
 *
 * @param name How the file is called in messages.
 */
export async function parseEstate(
  bytes: Uint8Array,
  name = 'reeve.yaml',
  checks: readonly EstateCheck[] = [],
): Promise<{ config: EstateConfig; warnings: readonly string[] }> {
  const { config, problems } = await checkEstate(bytes, checks);
  const text = problems.map((p) => `${name}:${p.line}:${p.col}: ${p.message}`);
  const errors = text.filter((_, i) => problems[i]?.severity === 'error');
  if (config === undefined || errors.length > 0) throw invalid(name, problems, errors);
  const warnings = text.filter((_, i) => problems[i]?.severity === 'warning');
  return { config: deepFreeze(config), warnings: Object.freeze(warnings) };
}

/** All mistakes and warnings, and the estate when there is no mistake that hides it. Never throws. */
export async function checkEstate(
  bytes: Uint8Array,
  checks: readonly EstateCheck[] = [],
): Promise<{ config: EstateConfig | undefined; problems: Problem[] }> {
  const yaml = await parseYaml(bytes);
  if (yaml.problems.length > 0) return { config: undefined, problems: yaml.problems };
  // Parsed once: compiling the schema first, as zod does, would take as long again (4 ms of every start).
  const parsed = EstateConfig.safeParse(yaml.value, { jitless: true });
  if (!parsed.success)
    return { config: undefined, problems: explain(parsed.error, yaml, (at) => keysAt(EstateConfig, at)) };
  return { config: parsed.data, problems: await crossCheck(parsed.data, yaml, checks) };
}

/** The bytes of reeve.yaml, at most one MiB. Rejects `CONFIG_NOT_FOUND`, `CONFIG_INVALID`. */
export async function readFile(file: string): Promise<Uint8Array> {
  const name = path.basename(file);
  const refuse = (why: string, cause?: unknown): ReeveError =>
    fail(
      'CONFIG_INVALID',
      { file, count: 1, why },
      { cause, at: `${name}:1:1`, more: [`${name}:1:1: ${why}`] },
    );
  try {
    const handle = await fs.open(file, fs.constants.O_RDONLY | fs.constants.O_NONBLOCK);
    try {
      const stat = await handle.stat();
      if (!stat.isFile()) throw refuse('not a plain file');
      if (stat.size > MAX_BYTES) throw refuse(`larger than ${MAX_BYTES} bytes`);
      return await handle.readFile();
    } finally {
      await handle.close();
    }
  } catch (cause) {
    if (errno(cause) === 'ENOENT') throw fail('CONFIG_NOT_FOUND', { path: file }, { cause });
    if (errno(cause) === '') throw cause;
    throw refuse(`cannot be read (${errno(cause)})`, cause);
  }
}

function invalid(name: string, problems: readonly Problem[], errors: string[]): ReeveError {
  const first = problems.find((p) => p.severity === 'error');
  const at = `${name}:${first?.line ?? 1}:${first?.col ?? 1}`;
  const why = `${at}: ${first?.message ?? 'not an estate'}`;
  return fail(
    'CONFIG_INVALID',
    { file: name, count: Math.max(1, errors.length), why },
    { at, more: errors.slice(0, 50).map((e) => e.slice(0, 1000)) },
  );
}

function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    for (const member of Object.values(value)) deepFreeze(member);
  }
  return value;
}
