/**
 * What a reader could be misled by: C0 and C1 controls, line separators, bidirectional controls (Unicode TR36,
 * CVE-2021-42574), invisible and tag characters, halves of surrogate pairs. The joiners U+200C/D stay: several scripts and
 * emoji need them.
 */
const HARMFUL =
  /[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u115f\u1160\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\u3164\ufeff\uffa0\ufff0-\ufffb\u{e0000}-\u{e007f}\ud800-\udfff]/gu;

/** One line of foreign text: every character stays visible, none has an effect. */
export const harmless = (text: string): string => text.replace(HARMFUL, picture);

/** Foreign text of several lines: line ends stay, tabs become blanks, the rest as in `harmless`. */
export const harmlessLines = (text: string): string[] =>
  text.split(/\r?\n/).map((line) => harmless(line.replaceAll('\t', '    ')));

function picture(char: string): string {
  const code = char.codePointAt(0) ?? 0;
  if (code < 0x20) return String.fromCodePoint(0x2400 + code);
  if (code === 0x7f) return '\u2421';
  return `‹U+${code.toString(16).toUpperCase().padStart(4, '0')}›`;
}

/** At most `max` UTF-16 units, never half of a surrogate pair; `…` marks a cut and counts. */
export function cut(text: string, max: number): string {
  if (text.length <= max) return text;
  if (max < 1) return '';
  const last = text.charCodeAt(max - 2);
  return `${text.slice(0, last >= 0xd800 && last <= 0xdbff ? max - 2 : max - 1)}…`;
}
