/*
 * Text of unknown origin, made harmless for logs, terminals and chat: what could move the cursor, end a line, change the
 * reading direction or hide is shown as an escape instead (`\n`, `\u{1b}`, `\u{202e}`).
 */

/**
 * C0 and C1 controls (also ESC and CSI, so no ANSI sequence survives), soft hyphen, bidirectional controls (Trojan
 * Source, CVE-2021-42574), U+2028/9, zero-width and other invisible characters, tags, lone surrogates. The joiners
 * U+200C/D stay: several scripts and emoji need them.
 */
const UNSAFE =
  // eslint-disable-next-line no-control-regex -- these are what is looked for
  /[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\u{e0000}-\u{e007f}\ud800-\udfff]/gu;

const NAMED: Record<string, string> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };

const escape = (c: string): string => NAMED[c] ?? `\\u{${(c.codePointAt(0) ?? 0).toString(16)}}`;

/** One line: line ends and tabs become visible too. At most `max` UTF-16 units, with a note of how many were left out. */
export function oneLine(text: string, max = 1000): string {
  return clean(text, max, escape);
}

/** Several lines: `\n` and tabs stay, `\r\n` becomes `\n`. At most `max` UTF-16 units. */
export function block(text: string, max = 16_384): string {
  return clean(text, max, (c) => (c === '\n' || c === '\t' ? c : escape(c)), true);
}

function clean(text: string, max: number, replace: (c: string) => string, lines = false): string {
  // Only what may be kept is looked at, so that a reason of a megabyte costs nothing.
  const head = text.length > max * 2 ? text.slice(0, max * 2) : text;
  const safe = (lines ? head.replaceAll('\r\n', '\n') : head).replace(UNSAFE, replace);
  if (safe.length <= max && head.length === text.length) return safe;
  const kept = whole(safe, max);
  return kept === safe && head.length === text.length ? safe : `${kept}… (${text.length} characters)`;
}

/** At most `max` UTF-16 units of `text`, never half of a surrogate pair; `…` marks a cut and counts. */
export function cut(text: string, max: number): string {
  if (text.length <= max) return text;
  return max < 1 ? '' : `${whole(text, max - 1)}…`;
}

/** The first `max` UTF-16 units of `text`, or one less: never half of a surrogate pair, which the ledger refuses. */
export function whole(text: string, max: number): string {
  if (text.length <= max) return text;
  const last = text.charCodeAt(max - 1);
  return text.slice(0, last >= 0xd800 && last <= 0xdbff ? max - 1 : max);
}

/** The first thing in `text` that `oneLine` and `block` would both show as an escape, if any: its index and its escape. */
export function firstUnsafe(text: string): { index: number; shown: string } | undefined {
  for (const match of text.matchAll(UNSAFE)) {
    if (match[0] === '\n' || match[0] === '\t') continue;
    return { index: match.index, shown: escape(match[0]) };
  }
  return undefined;
}
