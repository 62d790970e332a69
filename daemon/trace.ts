import { readFileSync } from 'node:fs';
import { SourceMap, type SourceMapPayload } from 'node:module';

/** More lines say nothing more. */
const MAX_LINES = 30;
const FRAME = /^(.*?\(?)((?:\/|[A-Za-z]:\\)[^():]*\.cjs):(\d+):(\d+)(\)?)$/;

/**
 * The stack of an error with the places in the files it was written in. The daemon runs from one file of long lines
 * (scripts/bundle.ts); its map is read here and nowhere else. Never throws.
 */
export function traceOf(error: unknown): string {
  const stack = error instanceof Error ? (error.stack ?? error.message) : String(error);
  const maps = new Map<string, SourceMap | undefined>();
  return stack
    .split('\n')
    .slice(0, MAX_LINES)
    .map((line) => placed(line, maps))
    .join('\n');
}

function placed(line: string, maps: Map<string, SourceMap | undefined>): string {
  const [, before = '', file = '', row = '', column = '', after = ''] = FRAME.exec(line) ?? [];
  if (file === '') return line;
  if (!maps.has(file)) maps.set(file, mapOf(file));
  const entry = maps.get(file)?.findEntry(Number(row) - 1, Number(column) - 1);
  if (entry === undefined || !('originalSource' in entry) || !entry.originalSource) return line;
  const { originalSource, originalLine, originalColumn } = entry;
  return `${before}${originalSource}:${originalLine + 1}:${originalColumn + 1}${after}`;
}

function mapOf(file: string): SourceMap | undefined {
  try {
    return new SourceMap(JSON.parse(readFileSync(`${file}.map`, 'utf8')) as SourceMapPayload);
  } catch {
    return undefined;
  }
}
