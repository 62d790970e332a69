import type { z } from 'zod';
import { suggest } from '../suggest.ts';
import type { Path, Problem, YamlFile } from './yaml.ts';

/** Every issue that zod found, as a mistake at its place in the file, in the order of the file. */
export function explain(
  error: z.ZodError,
  yaml: YamlFile,
  known: (path: Path) => readonly string[],
): Problem[] {
  return error.issues.flatMap((issue) => problemsOf(issue, yaml, known)).toSorted(byPlace);
}

export const byPlace = (a: Problem, b: Problem): number => a.line - b.line || a.col - b.col;

type Issue = z.core.$ZodIssue;

function problemsOf(issue: Issue, yaml: YamlFile, known: (path: Path) => readonly string[]): Problem[] {
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.slice(0, 50).map((key) => {
      const keys = known(issue.path);
      const near = suggest(key, keys);
      const help =
        near !== undefined
          ? `; did you mean ${near}?`
          : keys.length > 0
            ? `; known here: ${keys.join(', ')}`
            : '';
      return mistake(yaml.place(issue.path, key), `${where(issue.path)}unknown key ${quote(key)}${help}`);
    });
  }
  if (issue.code === 'invalid_key') {
    const key = String(issue.path.at(-1) ?? '');
    const why = issue.issues[0]?.message ?? 'not allowed';
    return [mistake(yaml.place(issue.path.slice(0, -1), key), `the name ${quote(key)}: ${why}`)];
  }
  const missing = isMissing(yaml, issue.path);
  const name = String(issue.path.at(-1) ?? '');
  const message = missing
    ? `${where(issue.path.slice(0, -1))}${quote(name)} is missing`
    : `${where(issue.path)}${words(issue)}`;
  return [mistake(yaml.place(issue.path), message)];
}

function words(issue: Issue): string {
  if (issue.code === 'invalid_union') {
    const options = issue.errors.flatMap((branch) => branch.map((one) => lower(one.message)));
    return [...new Set(options)].join(', or ') || lower(issue.message);
  }
  if (issue.code === 'invalid_value') return `must be ${issue.values.map((v) => String(v)).join(', ')}`;
  return lower(issue.message);
}

function isMissing(yaml: YamlFile, path: Path): boolean {
  let value = yaml.value;
  for (const part of path) {
    if (typeof value !== 'object' || value === null) return false;
    if (!Object.hasOwn(value, part)) return true;
    value = Reflect.get(value, part) as unknown;
  }
  return false;
}

/** `projects.web.environments: ` */
export const where = (path: Path): string =>
  path.length === 0 ? '' : `${path.map((part) => String(part).slice(0, 70)).join('.')}: `;

const mistake = (at: { line: number; col: number }, message: string): Problem => ({
  ...at,
  message: message.slice(0, 480),
  severity: 'error',
});
const quote = (text: string): string => JSON.stringify(text.slice(0, 70));
const lower = (text: string): string => text.charAt(0).toLowerCase() + text.slice(1);
