import { stripVTControlCharacters } from 'node:util';
import { block, cut } from '../text.ts';

/** Longest line kept as one, UTF-16 units; a longer one is cut into several. */
export const MAX_LINE = 16_384;

/** One line as it may be stored, shown on a terminal and posted: without colours, every other control visible as `\u{…}`. */
export function safeLine(line: string): string {
  const plain = line.includes('\u001b') || line.includes('\u009b') ? stripVTControlCharacters(line) : line;
  return block(plain, Number.MAX_SAFE_INTEGER);
}

/** Splits what arrived into whole lines and the rest. `\r\n` ends a line; a lone `\r` (a progress bar) does too. */
export function splitLines(text: string): { lines: string[]; rest: string } {
  const lines: string[] = [];
  let from = 0;
  for (let i = 0; i < text.length; i++) {
    const c = text.charCodeAt(i);
    const last = i - from >= MAX_LINE;
    if (c === 10 || c === 13) {
      // A carriage return at the very end may be half of a pair.
      if (c === 13 && i + 1 === text.length) break;
      lines.push(text.slice(from, i));
      if (c === 13 && text.charCodeAt(i + 1) === 10) i++;
      from = i + 1;
    } else if (last) {
      lines.push(text.slice(from, i));
      from = i;
    }
  }
  return { lines, rest: text.slice(from) };
}

/** The first lines of what was executed, for a citation. */
export const quoteOf = (text: string, max = 500): string => cut(block(text.trim(), max * 2), max);
