/**
 * What a terminal, or the person in front of it, could be misled by: C0 and C1 controls, line separators, bidirectional
 * controls (Unicode TR36, CVE-2021-42574), invisible and tag characters, halves of surrogate pairs.
 */
const HARMFUL =
  /[\u0000-\u001f\u007f-\u009f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\u3164\ufeff\uffa0\ufff0-\ufffb\u{1d173}-\u{1d17a}\u{e0000}-\u{e0fff}\ud800-\udfff]/gu;
// The same set for a quick look; a separate object because `g` keeps a position.
const ANY = new RegExp(HARMFUL.source, 'u');

/** One line of foreign text, made harmless: every character stays visible, none has an effect. */
export function harmless(text: string): string {
  return ANY.test(text) ? text.replace(HARMFUL, picture) : text;
}

/** Foreign text of several lines: line ends stay, tabs become blanks, the rest as in `harmless`. */
export function harmlessLines(text: string): string[] {
  return text.split(/\r?\n/).map((line) => harmless(line.replaceAll('\t', '    ')));
}

function picture(char: string): string {
  const code = char.codePointAt(0) ?? 0;
  if (code < 0x20) return String.fromCodePoint(0x2400 + code);
  if (code === 0x7f) return '\u2421';
  return `‹U+${code.toString(16).toUpperCase().padStart(4, '0')}›`;
}

/** JSON text with the same characters written as escapes: the same value, and nothing that acts on a terminal. */
export function harmlessJson(value: unknown): string {
  return JSON.stringify(value, null, 2).replace(HARMFUL, (char) =>
    char === '\n'
      ? char
      : Array.from({ length: char.length }, (_, i) => escape16(char.charCodeAt(i))).join(''),
  );
}

const escape16 = (unit: number): string => `\\u${unit.toString(16).padStart(4, '0')}`;
