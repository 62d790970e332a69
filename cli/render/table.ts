import type { Cell } from '../../contracts/reply.ts';
import { harmless } from '../io/harmless.ts';
import type { Terminal } from '../io/terminal.ts';
import { pad, truncate, widthOf } from '../io/width.ts';
import { showCell, type Shown } from './cell.ts';

interface Column {
  label: string;
  align?: 'left' | 'right' | undefined;
}

const GAP = 2;
const NARROWEST = 8;

/** Lines of a table. On a terminal the widest columns give way until it fits, unless --wide. */
export function tableLines(
  terminal: Terminal,
  columns: readonly Column[],
  rows: readonly Cell[][],
): string[] {
  const shown = rows.map((row) => columns.map((_, i) => showCell(terminal, row[i] ?? '')));
  const labels = columns.map((c) => harmless(c.label));
  const widths = labels.map((label, i) =>
    Math.max(widthOf(label), ...shown.map((row) => widthOf(row[i]?.text ?? ''))),
  );
  if (terminal.width !== undefined && !terminal.globals.wide) {
    const least = widths.map((w, i) =>
      shown.some((row) => row[i]?.keep === true) ? w : Math.min(w, NARROWEST),
    );
    shrink(widths, least, terminal.width);
  }

  const right = columns.map((c, i) => (c.align ?? (numeric(shown, i) ? 'right' : 'left')) === 'right');
  const line = (cells: readonly Shown[]): string =>
    cells
      .map((cell, i) => {
        const width = widths[i] ?? 0;
        const text = truncate(cell.text, width);
        const last = i === cells.length - 1 && right[i] !== true;
        const blanks = last ? '' : ' '.repeat(Math.max(0, width - widthOf(text)));
        return right[i] === true ? blanks + cell.look(text) : cell.look(text) + blanks;
      })
      .join(' '.repeat(GAP))
      .trimEnd();
  const head = line(
    labels.map((text) => ({ text, look: (t: string) => terminal.dim(t), right: false, keep: false })),
  );
  return [head, ...shown.map(line)];
}

const numeric = (rows: readonly Shown[][], column: number): boolean =>
  rows.length > 0 && rows.every((row) => row[column]?.right === true || row[column]?.text === '–');

function shrink(widths: number[], least: readonly number[], room: number): void {
  for (;;) {
    const over = widths.reduce((sum, w) => sum + w, 0) + GAP * (widths.length - 1) - room;
    const spare = widths.map((w, i) => (w > (least[i] ?? w) ? w : 0));
    const widest = spare.indexOf(Math.max(...spare));
    const now = spare[widest] ?? 0;
    if (over <= 0 || now === 0) return;
    widths[widest] = Math.max(least[widest] ?? now, now - Math.min(over, 4));
  }
}

/** Two columns: names and what stands beside them. */
export function pairLines(rows: readonly (readonly [string, string])[], indent: string, least = 0): string[] {
  const width = Math.max(least, ...rows.map(([name]) => widthOf(name)));
  return rows.map(([name, text]) => `${indent}${pad(name, width)}  ${text}`.trimEnd());
}
