import type { Document, LineCounter, Node } from 'yaml';

/** Largest file that is read, bytes. */
export const MAX_BYTES = 1024 * 1024;
/** Deepest nesting, far above what the schema has. */
const MAX_DEPTH = 32;
/** Aliases may multiply the document by at most this (yaml's `maxAliasCount`). */
const MAX_ALIASES = 50;

/** One mistake (or warning) in a file, with its place counted from 1. */
export interface Problem {
  line: number;
  col: number;
  message: string;
  severity: 'error' | 'warning';
}

export type Path = readonly PropertyKey[];

/** A YAML file as data, and where each part of it stands. */
export interface YamlFile {
  value: unknown;
  problems: Problem[];
  /** Place of the value at `path`; of the nearest part above when it is not there. With `key`, of its key. */
  place(path: Path, key?: string): { line: number; col: number };
}

/**
 * Parses YAML 1.2 (core schema). Refuses what is over 1 MiB, not UTF-8, deeper than 32, more than one document, duplicate
 * keys, unknown tags and alias bombs. Whatever the bytes are, mistakes come back as problems; it never throws. Loads the
 * yaml package (about 25 ms) at the first call.
 */
export async function parseYaml(bytes: Uint8Array): Promise<YamlFile> {
  const start = { line: 1, col: 1 };
  const refuse = (message: string, at = start): YamlFile => ({
    value: undefined,
    problems: [{ ...at, message, severity: 'error' }],
    place: () => start,
  });
  if (bytes.byteLength > MAX_BYTES) return refuse(`larger than ${MAX_BYTES} bytes`);
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return refuse('not UTF-8 text');
  }
  const deep = tooDeep(text);
  if (deep !== undefined) return refuse(`nested deeper than ${MAX_DEPTH}`, deep);
  const yaml = await import('yaml');
  const lines = new yaml.LineCounter();
  try {
    const docs = yaml.parseAllDocuments(text, {
      lineCounter: lines,
      prettyErrors: false,
      // yaml's own check compares every pair of keys.
      uniqueKeys: false,
      version: '1.2',
      logLevel: 'silent',
    });
    const doc = Array.isArray(docs) ? docs[0] : undefined;
    if (doc === undefined) return refuse('the file is empty');
    const found: Problem[] = [...doc.errors, ...doc.warnings].slice(0, 50).map((issue) => ({
      ...position(lines, issue.pos[0]),
      message: firstLine(issue.message),
      severity: 'error',
    }));
    const second = Array.isArray(docs) ? docs[1] : undefined;
    if (second !== undefined)
      found.push({
        ...position(lines, second.range[0]),
        message: 'a second document (---)',
        severity: 'error',
      });
    if (found.length === 0) found.push(...duplicates(doc.contents, lines));
    const value: unknown = found.length > 0 ? undefined : doc.toJS({ maxAliasCount: MAX_ALIASES });
    return { value, problems: found, place: (path, key) => place(doc, lines, path, key) };
  } catch (error) {
    const why =
      error instanceof RangeError ? 'nested too deeply' : error instanceof Error ? error.message : '';
    return refuse(firstLine(why) || 'not readable as YAML');
  }
}

function place(
  doc: Document.Parsed,
  lines: LineCounter,
  path: Path,
  key?: string,
): { line: number; col: number } {
  let offset = doc.contents?.range?.[0] ?? 0;
  let node: unknown = doc.contents;
  for (const [i, part] of [...path, ...(key === undefined ? [] : [key])].entries()) {
    const pair = pairOf(node, part);
    if (pair === undefined) break;
    node = pair.value;
    const last = i === path.length;
    offset = (last ? pair.key : (pair.value?.range?.[0] ?? pair.key)) ?? offset;
  }
  return position(lines, offset);
}

/** The child of a map or list node, with the offset of its key. Structural, so that no alias is followed. */
function pairOf(
  node: unknown,
  part: PropertyKey,
): { value: Node | null; key: number | undefined } | undefined {
  if (typeof node !== 'object' || node === null || !('items' in node) || !Array.isArray(node.items))
    return undefined;
  if (typeof part === 'number') {
    const item = node.items[part] as Node | undefined;
    return item === undefined ? undefined : { value: item, key: item.range?.[0] };
  }
  for (const item of node.items as { key?: { value?: unknown; range?: number[] }; value?: Node | null }[]) {
    if (item.key !== undefined && String(item.key.value) === String(part))
      return { value: item.value ?? null, key: item.key.range?.[0] };
  }
  return undefined;
}

function position(lines: LineCounter, offset: number): { line: number; col: number } {
  const { line, col } = lines.linePos(offset);
  return { line: Math.max(1, line), col: Math.max(1, col) };
}

const firstLine = (text: string): string => (text.split('\n')[0] ?? '').replace(/\.$/, '').slice(0, 300);

/** Keys that stand twice in one map. */
function duplicates(root: unknown, lines: LineCounter): Problem[] {
  const found: Problem[] = [];
  const visit = (node: unknown): void => {
    if (typeof node !== 'object' || node === null || !('items' in node) || !Array.isArray(node.items)) return;
    const keys = new Set<string>();
    for (const item of node.items as { key?: { value?: unknown; range?: number[] }; value?: unknown }[]) {
      if (item.key === undefined) {
        visit(item);
        continue;
      }
      const key = String(item.key?.value);
      if (keys.has(key) && found.length < 50)
        found.push({
          ...position(lines, item.key?.range?.[0] ?? 0),
          message: `the key ${JSON.stringify(key.slice(0, 70))} stands twice`,
          severity: 'error',
        });
      keys.add(key);
      visit(item.value);
    }
  };
  visit(root);
  return found;
}

/**
 * A cheap look before the (recursive) parser: open brackets, chains of "- " or "? " in one line, and steps of
 * indentation. It counts generously: brackets inside quotes or comments count too.
 */
function tooDeep(text: string): { line: number; col: number } | undefined {
  const indents: number[] = [];
  let brackets = 0;
  for (const [i, row] of text.split('\n').entries()) {
    const indent = row.length - row.trimStart().length;
    if (row.trim() !== '' && brackets === 0) {
      while (indents.length > 0 && (indents.at(-1) ?? 0) >= indent) indents.pop();
      indents.push(indent);
    }
    let most = brackets;
    for (const c of row) {
      if (c === '[' || c === '{') brackets++;
      else if ((c === ']' || c === '}') && brackets > 0) brackets--;
      if (brackets > most) most = brackets;
    }
    const chain = /(?:[-?:][ \t]+){33}/.test(row) ? MAX_DEPTH : 0;
    if (most + chain + indents.length > MAX_DEPTH) return { line: i + 1, col: 1 };
  }
  return undefined;
}
