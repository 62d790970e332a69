import { fail } from '../../contracts/errors.ts';
import { Digest, JobId } from '../../contracts/ids.ts';
import type { Json, JsonObject } from '../../contracts/json.ts';
import { Duration } from '../../contracts/duration.ts';
import type { InputSpec, Runbook } from '../../contracts/runbook.ts';
import type { Config } from '../ports/config.ts';
import { suggest } from '../suggest.ts';
import { oneLine } from '../text.ts';
import { BadPattern, checkPattern, matchesPattern } from '../pattern.ts';

const MAX_LENGTH = 1000;
/**
 * What a text without a declared pattern must not hold, though it only ever reaches a script as a variable: a script may
 * still hand it to a program that interprets it. A runbook that means it declares a `pattern`.
 */
// eslint-disable-next-line no-control-regex -- controls are what is refused
const RISKY = /[\u0000-\u001f\u007f;`$|&<>\\]/;

type Names = { projects: readonly string[]; environments: readonly string[] };

/** What is wrong with a declaration. */
export function checkDeclaration(name: string, spec: InputSpec): string[] {
  const wrong: string[] = [];
  if (spec.pattern !== undefined) {
    try {
      checkPattern(spec.pattern);
    } catch (error) {
      wrong.push(`inputs.${name}: ${messageOf(error)}`);
    }
    if (spec.type !== 'string') wrong.push(`inputs.${name}: only a string takes a pattern`);
  }
  if (spec.type === 'enum' && (spec.values ?? []).length === 0)
    wrong.push(`inputs.${name}: an enum needs values`);
  if (spec.type !== 'enum' && spec.values !== undefined)
    wrong.push(`inputs.${name}: only an enum takes values`);
  if (spec.min !== undefined && spec.max !== undefined && spec.min > spec.max)
    wrong.push(`inputs.${name}: min is above max`);
  const bound = spec.type === 'project' || spec.type === 'environment';
  if (wrong.length === 0 && spec.default !== undefined && !bound) {
    const read = readValue(spec, spec.default, { projects: [], environments: [] });
    if ('why' in read) wrong.push(`inputs.${name}: its default ${read.why}`);
  }
  return wrong;
}

/** One value as its declaration wants it, or why it is not. */
function readValue(spec: InputSpec, value: Json, names: Names): { value: Json } | { why: string } {
  if (typeof value !== 'string' && typeof value !== 'number' && typeof value !== 'boolean')
    return { why: 'is neither text, number nor true/false' };
  const text = String(value);
  const refuse = (why: string): { why: string } => ({ why });
  switch (spec.type) {
    case 'integer': {
      const number = /^-?\d{1,16}$/.test(text) ? Number(text) : Number.NaN;
      if (!Number.isSafeInteger(number) || typeof value === 'boolean') return refuse('is no whole number');
      if (spec.min !== undefined && number < spec.min) return refuse(`is below ${spec.min}`);
      if (spec.max !== undefined && number > spec.max) return refuse(`is above ${spec.max}`);
      return { value: number };
    }
    case 'boolean':
      return text === 'true' || text === 'false'
        ? { value: text === 'true' }
        : refuse('is not true or false');
    case 'enum':
      return spec.values?.includes(text) === true
        ? { value: text }
        : refuse(`is none of ${(spec.values ?? []).join(', ')}${near(text, spec.values ?? [])}`);
    case 'project':
      return names.projects.includes(text)
        ? { value: text }
        : refuse(`is no project: ${names.projects.join(', ')}${near(text, names.projects)}`);
    case 'environment':
      return names.environments.includes(text)
        ? { value: text }
        : refuse(`is no environment: ${names.environments.join(', ')}${near(text, names.environments)}`);
    case 'duration':
      return Duration.safeParse(text).success ? { value: text } : refuse('is no duration such as 30s or 15m');
    case 'job':
      return JobId.safeParse(text).success ? { value: text } : refuse('is no job id');
    case 'digest':
      return Digest.safeParse(text).success ? { value: text } : refuse('is no sha256: digest');
    case 'string':
      return readText(spec, text);
  }
}

function readText(spec: InputSpec, text: string): { value: Json } | { why: string } {
  const max = spec.max_length ?? MAX_LENGTH;
  if (text.length > max) return { why: `is longer than ${max} characters` };
  if (text.includes('\0')) return { why: 'holds a NUL' };
  if (!text.isWellFormed()) return { why: 'is no valid Unicode' };
  if (spec.pattern === undefined) {
    const risky = RISKY.exec(text)?.[0];
    if (risky !== undefined)
      return { why: `holds ${oneLine(JSON.stringify(risky))}, which needs a pattern that allows it` };
    if (text.startsWith('-')) return { why: 'begins with -, as an option would; that needs a pattern' };
    return { value: text };
  }
  try {
    return matchesPattern(spec.pattern, text, 'whole')
      ? { value: text }
      : { why: `does not match ${spec.pattern}` };
  } catch (error) {
    if (error instanceof BadPattern) return { why: error.message };
    throw error;
  }
}

const near = (text: string, known: readonly string[]): string => {
  const best = suggest(text, known);
  return best === undefined ? '' : `; did you mean ${best}?`;
};

export interface InputRequest {
  project: string;
  env: string;
  inputs: JsonObject;
}

/**
 * The inputs of a plan, each valid. Inputs named `project` and `env` are the project and environment themselves.
 * @throws INPUT_INVALID naming the first wrong input, with all of them in `more`
 */
export function resolveInputs(runbook: Runbook, request: InputRequest, config: Config): JsonObject {
  const { front } = runbook;
  const { projects } = config.current().config;
  const names: Names = {
    projects: Object.keys(projects),
    environments: Object.keys(config.project(request.project).environments),
  };
  const wrong: { name: string; why: string }[] = [];
  const resolved: JsonObject = {};
  for (const name of Object.keys(request.inputs)) {
    if (Object.hasOwn(front.inputs, name)) continue;
    wrong.push({ name, why: `is not declared${near(name, Object.keys(front.inputs))}` });
  }
  for (const [name, spec] of Object.entries(front.inputs)) {
    const given = Object.hasOwn(request.inputs, name) ? request.inputs[name] : undefined;
    const bound =
      name === 'project' && spec.type === 'project'
        ? request.project
        : name === 'env' && spec.type === 'environment'
          ? request.env
          : undefined;
    if (bound !== undefined && given !== undefined && given !== bound)
      wrong.push({ name, why: `is ${oneLine(JSON.stringify(given), 80)}, but this runs on ${bound}` });
    const value = bound ?? given ?? spec.default;
    if (value === undefined) {
      if (!spec.optional) wrong.push({ name, why: 'is missing' });
      continue;
    }
    const read = bound === undefined ? readValue(spec, value, names) : { value };
    if ('why' in read) wrong.push({ name, why: read.why });
    else resolved[name] = read.value;
  }
  const first = wrong[0];
  if (first === undefined) return resolved;
  throw fail(
    'INPUT_INVALID',
    { name: oneLine(first.name, 80), why: oneLine(first.why, 400), runbook: front.runbook },
    { more: wrong.map(({ name, why }) => oneLine(`${name}: ${why}`, 500)) },
  );
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
