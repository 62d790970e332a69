/** East Asian wide and fullwidth blocks (UAX #11), and emoji shown as pictures (UTS #51). */
const WIDE =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\ua960-\ua97c\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff01-\uff60\uffe0-\uffe6\u{1b000}-\u{1b2ff}\u{20000}-\u{3fffd}]|\p{Emoji_Presentation}|\ufe0f/u;
const NOTHING = /^[\p{M}\u200c\u200d]+$/u;
/** Letters and symbols that take one column each: no need to load the segmentation tables (10 ms) for them. */
const PLAIN =
  /^[\u0020-\u007e\u00a1-\u02ff\u0370-\u0482\u048a-\u0590\u2010-\u2027\u2030-\u205e\u2190-\u2319\u2400-\u24ff\u2500-\u25fc\u2701-\u2704\u2706-\u2709\u270e-\u2727\u2800-\u28ff]*$/;

let segmenter: Intl.Segmenter | undefined;
function* graphemes(text: string): Generator<string> {
  segmenter ??= new Intl.Segmenter('en', { granularity: 'grapheme' });
  for (const { segment } of segmenter.segment(text)) yield segment;
}

const cells = (grapheme: string): number => (NOTHING.test(grapheme) ? 0 : WIDE.test(grapheme) ? 2 : 1);

/** Columns of a terminal that a plain text (no escape sequences) takes. */
export function widthOf(text: string): number {
  if (PLAIN.test(text)) return text.length;
  let width = 0;
  for (const g of graphemes(text)) width += cells(g);
  return width;
}

/** Cut to `max` columns, with … where something is missing. */
export function truncate(text: string, max: number): string {
  if (widthOf(text) <= max) return text;
  let kept = '';
  let width = 0;
  for (const g of graphemes(text)) {
    const w = cells(g);
    if (width + w > max - 1) break;
    kept += g;
    width += w;
  }
  return `${kept}…`;
}

export function pad(text: string, width: number, align: 'left' | 'right' = 'left'): string {
  const blanks = ' '.repeat(Math.max(0, width - widthOf(text)));
  return align === 'right' ? blanks + text : text + blanks;
}

/** Breaks one line at blanks; a word longer than a line is broken where it must. Nothing is lost. */
export function wrap(line: string, width: number): string[] {
  if (width < 8 || widthOf(line) <= width) return [line];
  const lines: string[] = [];
  let current = '';
  for (const word of line.split(/(?<= )/)) {
    if (widthOf((current + word).trimEnd()) <= width) {
      current += word;
      continue;
    }
    if (current.trim() !== '') lines.push(current.trimEnd());
    current = word;
    while (widthOf(current.trimEnd()) > width) {
      const head = truncate(current, width + 1).slice(0, -1);
      lines.push(head);
      current = current.slice(head.length);
    }
  }
  if (current.trim() !== '') lines.push(current.trimEnd());
  return lines;
}
