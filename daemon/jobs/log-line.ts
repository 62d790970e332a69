import { stripVTControlCharacters } from 'node:util';

/** Longest line kept as one, UTF-16 units; a longer one is cut into several. */
export const MAX_LINE = 16_384;

/** C0 and C1 controls but tab, U+2028/9, bidirectional controls, lone surrogates. */
const UNSAFE =
  // eslint-disable-next-line no-control-regex -- these are what is looked for
  /[\u0000-\u0008\u000a-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]/gu;

/** One line as it may be stored, shown on a terminal and posted: without colours, every other control visible as `\u{…}`. */
export function safeLine(line: string): string {
  const plain = line.includes('\u001b') || line.includes('\u009b') ? stripVTControlCharacters(line) : line;
  return plain.replace(UNSAFE, (c) => `\\u{${(c.codePointAt(0) ?? 0).toString(16)}}`);
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
export function quoteOf(text: string, max = 500): string {
  const lines = text.split('\n').map((line) => safeLine(line.trimEnd()));
  const whole = lines.join('\n').trim();
  return whole.length <= max ? whole : `${whole.slice(0, max - 1)}…`;
}
