import type * as YamlModule from 'yaml';
import type { Document, LineCounter, Node, Pair } from 'yaml';
import type { z } from 'zod';
import type { Json } from '../../contracts/json.ts';
import { RunbookFrontMatter } from '../../contracts/runbook.ts';
import { suggest } from '../suggest.ts';
import { isReservedVariable, secretVariable } from './environment.ts';
import { checkDeclaration } from './inputs.ts';
import type { Problems } from './problems.ts';

type Yaml = typeof YamlModule;
let yaml: Promise<Yaml> | undefined;
/** Loaded with the first runbook: the daemon starts without it. Kept, since importing what is loaded takes time, too. */
export const yamlLibrary = (): Promise<Yaml> => (yaml ??= import('yaml'));

const MAX_YAML = 64 * 1024;
const POISON = ['__proto__', 'constructor', 'prototype'];

/** A mistake in a YAML text; `line` counts from 1 within it. */
export interface YamlProblem {
  line: number;
  message: string;
}

export interface YamlText {
  value: Json;
  doc: Document;
  lines: LineCounter;
}

/**
 * YAML 1.2 of one document, without what can surprise: no anchors and aliases, tags, merge keys, duplicate keys, keys that
 * are no text, or names with a meaning in JavaScript.
 */
export function readYaml(yaml: Yaml, text: string): { problems: YamlProblem[]; read?: YamlText } {
  if (text.length > MAX_YAML)
    return { problems: [{ line: 1, message: `the YAML is longer than ${MAX_YAML} characters` }] };
  const lines = new yaml.LineCounter();
  const lineAt = (offset: number): number => Math.max(1, lines.linePos(offset).line);
  try {
    const doc = yaml.parseDocument(text, {
      version: '1.2',
      strict: true,
      uniqueKeys: true,
      merge: false,
      prettyErrors: false,
      lineCounter: lines,
    });
    const problems: YamlProblem[] = [...doc.errors, ...doc.warnings].map(({ pos, message }) => ({
      line: lineAt(pos[0]),
      message,
    }));
    const complain = (node: Node, message: string): void => {
      problems.push({ line: lineAt(node.range?.[0] ?? 0), message });
    };
    const anchored = (node: Node & { anchor?: string }): void => {
      if (node.anchor !== undefined) complain(node, 'anchors are not used here');
    };
    yaml.visit(doc, {
      Alias: (_, node) => complain(node, 'aliases are not used here: write the value out'),
      Collection: (_, node) => anchored(node),
      Scalar: (_, node) => {
        anchored(node);
        if (typeof node.value === 'number' && !Number.isFinite(node.value))
          complain(node, 'this number is not finite');
      },
      Pair: (_, pair) => {
        if (!yaml.isScalar(pair.key)) return;
        const { value } = pair.key;
        if (typeof value !== 'string') complain(pair.key, `the key ${String(value)} is no text: quote it`);
        else if (POISON.includes(value)) complain(pair.key, `the key ${value} is not allowed`);
      },
    });
    if (problems.length > 0) return { problems };
    return { problems, read: { value: doc.toJS({ maxAliasCount: 0 }) as Json, doc, lines } };
  } catch (error) {
    // Nested beyond the stack.
    return { problems: [{ line: 1, message: `the YAML cannot be read: ${String(error)}` }] };
  }
}

/** Front matter, or as much of it as is right, so that the steps can be checked against it. */
export interface Front {
  front: RunbookFrontMatter;
  lineOf(path: readonly PropertyKey[]): number;
  /** Whether what it says under this key was meant so: it is right, or rightly absent. */
  known(key: keyof RunbookFrontMatter): boolean;
}

/** What stands for front matter that cannot be read at all. */
export const noFront = (line: number): Front => ({
  front: RunbookFrontMatter.parse({ runbook: 'unknown', title: 'unknown' }),
  lineOf: () => line,
  known: () => false,
});

/**
 * Reads front matter. `line`: the line of the file on which the YAML begins. Every mistake goes to `problems` at its own
 * line.
 */
export function readFront(yaml: Yaml, text: string, line: number, problems: Problems): Front {
  const { problems: wrong, read } = readYaml(yaml, text);
  for (const problem of wrong) problems.error(line + problem.line - 1, problem.message);
  if (read === undefined) return noFront(line);
  const lineOf = (path: readonly PropertyKey[]): number => line + lineInDoc(yaml, read, path) - 1;
  const result = RunbookFrontMatter.safeParse(read.value ?? {});
  if (!result.success) for (const issue of result.error.issues) complain(issue, read.value, lineOf, problems);
  const { front, bad } = result.success
    ? { front: result.data, bad: new Set<string>() }
    : rightPart(read.value, result.error.issues);
  if (front === undefined) return { ...noFront(line), lineOf };
  checkFront(front, lineOf, problems);
  return { front, lineOf, known: (key) => !bad.has(key) };
}

/** What is left without the keys that have a mistake in them. */
function rightPart(
  value: Json,
  issues: readonly z.core.$ZodIssue[],
): { front: RunbookFrontMatter | undefined; bad: Set<string> } {
  const bad = new Set(
    issues.flatMap((issue) =>
      issue.code === 'unrecognized_keys' && issue.path.length === 0
        ? issue.keys
        : issue.path.slice(0, 1).map(String),
    ),
  );
  const members = typeof value === 'object' && value !== null ? Object.entries(value) : [];
  const right = Object.fromEntries(members.filter(([key]) => !bad.has(key)));
  const { data } = RunbookFrontMatter.safeParse({ runbook: 'unknown', title: 'unknown', ...right });
  return { front: data, bad };
}

function complain(
  issue: z.core.$ZodIssue,
  root: Json,
  lineOf: (path: readonly PropertyKey[]) => number,
  problems: Problems,
): void {
  const where = issue.path.map(String).join('.');
  const prefix = where === '' ? '' : `${where}: `;
  if (issue.code === 'unrecognized_keys') {
    for (const key of issue.keys) {
      const near = suggest(key, knownKeys(issue.path));
      const hint = near === undefined ? '' : `; did you mean ${near}?`;
      problems.error(lineOf([...issue.path, key]), `${prefix}unknown key "${key}"${hint}`);
    }
    return;
  }
  if (issue.code === 'invalid_key' && issue.issues[0] !== undefined) {
    problems.error(lineOf(issue.path), `${prefix}${issue.issues[0].message}`);
    return;
  }
  const missing = issue.code === 'invalid_type' && valueAt(root, issue.path) === undefined;
  problems.error(lineOf(issue.path), missing ? `${where} is missing` : `${prefix}${issue.message}`);
}

const INPUT_KEYS = [
  'type',
  'description',
  'default',
  'optional',
  'pattern',
  'values',
  'min',
  'max',
  'max_length',
];
function knownKeys(path: readonly PropertyKey[]): string[] {
  if (path.length === 0) return Object.keys(RunbookFrontMatter.shape);
  if (path[0] === 'inputs') return INPUT_KEYS;
  if (path[0] === 'needs') return ['runbook', 'status', 'within'];
  return path[0] === 'objectives' ? ['rpo', 'rto'] : [];
}

function valueAt(root: Json, path: readonly PropertyKey[]): unknown {
  let here: unknown = root;
  for (const key of path) {
    if (typeof here !== 'object' || here === null) return undefined;
    here = Object.hasOwn(here, key) ? Reflect.get(here, key) : undefined;
  }
  return here;
}

/** Line within the YAML of the deepest part of `path` that is there. */
function lineInDoc(yaml: Yaml, { doc, lines }: YamlText, path: readonly PropertyKey[]): number {
  let here: unknown = doc.contents;
  let offset = 0;
  for (const key of path) {
    let next: unknown;
    if (yaml.isMap(here)) {
      const pair: Pair | undefined = here.items.find(
        (item) => yaml.isScalar(item.key) && item.key.value === key,
      );
      if (yaml.isScalar(pair?.key)) offset = pair.key.range?.[0] ?? offset;
      next = pair?.value;
    } else if (yaml.isSeq(here)) {
      next = here.items[Number(key)];
      if (yaml.isNode(next)) offset = next.range?.[0] ?? offset;
    }
    if (next === undefined) break;
    here = next;
  }
  return Math.max(1, lines.linePos(offset).line);
}

function checkFront(
  front: RunbookFrontMatter,
  lineOf: (path: readonly PropertyKey[]) => number,
  problems: Problems,
): void {
  if (!/^[a-z][a-z0-9_]*$/.test(front.action))
    problems.error(lineOf(['action']), 'action: lower-case letters, digits and _ only');
  for (const [name, spec] of Object.entries(front.inputs))
    for (const why of checkDeclaration(name, spec)) problems.error(lineOf(['inputs', name]), why);
  const seen = new Set<string>();
  front.secrets.forEach((name, i) => {
    const variable = secretVariable(name);
    if (isReservedVariable(variable))
      problems.error(lineOf(['secrets', i]), `secrets: a variable ${variable} would steer other programs`);
    if (seen.has(variable)) problems.error(lineOf(['secrets', i]), `secrets: ${variable} is named twice`);
    seen.add(variable);
  });
}
