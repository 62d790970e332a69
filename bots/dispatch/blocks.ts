import type { Block, Cell, StepView } from '../../contracts/reply.ts';
import type { Markup } from './markup/markup.ts';
import { harmlessLines } from './text.ts';
import { bytes, duration, shortId } from '../../contracts/units.ts';
import { stamp } from './units.ts';

/** Lines that stand together; within a fence they are in a fixed-width face, and still to be escaped for it. */
export interface Piece {
  fenced: boolean;
  lines: string[];
}

const SYMBOL: Record<StepView['status'], string> = {
  PENDING: '·',
  QUEUED: '…',
  RUNNING: '▸',
  PASS: '✓',
  FAIL: '✗',
  TIMED_OUT: '✗',
  UNKNOWN: '?',
  CANCELLED: '-',
  SKIPPED: '-',
};
export const symbolOf = (status: StepView['status']): string => SYMBOL[status];

/** A block as lines in the platform's markup. Buttons are the adapter's; nothing else is left out. */
export function piecesOf(block: Block, markup: Markup): Piece[] {
  switch (block.type) {
    case 'text':
      return [loose(harmlessLines(block.text).map(markup.text))];
    case 'hint':
      return [loose(harmlessLines(block.text).map((line) => `→ ${withCommands(line, markup)}`))];
    case 'fields':
      return [loose(block.fields.map(({ label, value }) => `${markup.bold(label)}: ${rich(value, markup)}`))];
    case 'table':
      return block.rows.length === 0
        ? [loose([markup.text(block.empty)])]
        : [
            fenced(
              tableLines(
                block.columns.map((c) => c.label),
                block.rows,
              ),
            ),
          ];
    case 'code':
      return [loose([markup.code(block.language)]), fenced(harmlessLines(block.text))];
    case 'steps':
      return [fenced(stepLines(block.steps))];
    case 'progress':
      return [loose([`${markup.text(block.label)}: ${block.done} of ${block.total}`])];
    case 'choices':
      return [
        loose([
          markup.bold(block.label),
          ...block.choices.map((c) => `${markup.code(c.value)} ${markup.text(c.label)}`),
        ]),
      ];
    case 'file':
      return block.text === undefined
        ? [loose([`${markup.bold('File')}: ${markup.text(block.name)}`])]
        : [loose([markup.bold(block.name)]), fenced(harmlessLines(block.text))];
    case 'link':
      return [loose([markup.link(block.label, block.url)])];
    case 'buttons':
      return [];
  }
}

/**
 * What stands in backticks is to be copied, such as a command with an id in it: as code it is kept to the letter, while
 * other text is parted from what would format it.
 */
function withCommands(line: string, markup: Markup): string {
  const parts = line.split('`');
  // One that is never closed is no code.
  const codes = parts.length % 2 === 1 ? parts.length : parts.length - 1;
  return parts
    .map((part, i) =>
      part === ''
        ? ''
        : i >= codes
          ? markup.text(`\`${part}`)
          : i % 2 === 1
            ? markup.code(part)
            : markup.text(part),
    )
    .join('');
}

const loose = (lines: string[]): Piece => ({ fenced: false, lines });
const fenced = (lines: string[]): Piece => ({ fenced: true, lines });

function rich(cell: Cell, markup: Markup): string {
  if (cell !== null && typeof cell === 'object') {
    if ('time' in cell) return markup.time(cell.time);
    if ('id' in cell) return markup.code(shortId(cell.id));
  }
  return markup.text(flat(cell));
}

/** A cell as one line of text. */
function flat(cell: Cell): string {
  if (cell === null) return '–';
  if (typeof cell === 'string') return cell;
  if (typeof cell === 'number') return String(cell);
  if (typeof cell === 'boolean') return cell ? 'yes' : 'no';
  if ('time' in cell) return stamp(cell.time);
  if ('duration' in cell) return duration(cell.duration);
  if ('bytes' in cell) return bytes(cell.bytes);
  if ('status' in cell) return `${symbolOf(cell.status)} ${cell.status}`;
  return 'tone' in cell ? cell.text : shortId(cell.id);
}

/** Code points, near enough for a fixed-width face. */
const columnsOf = (text: string): number => Array.from(text).length;

function tableLines(labels: readonly string[], rows: readonly (readonly Cell[])[]): string[] {
  const all = [labels, ...rows.map((row) => labels.map((_, i) => flat(row[i] ?? '')))].map((row) =>
    row.map((text) => harmlessLines(text).join(' ')),
  );
  const widths = labels.map((_, i) => Math.max(...all.map((row) => columnsOf(row[i] ?? ''))));
  return all.map((row) =>
    row
      .map((text, i) => text + ' '.repeat(Math.max(0, (widths[i] ?? 0) - columnsOf(text))))
      .join('  ')
      .trimEnd(),
  );
}

/** One line a step, and why it failed below it. */
export function stepLines(steps: readonly StepView[]): string[] {
  return steps.flatMap((step) => {
    const took = step.ms === undefined ? '' : ` (${duration(step.ms)})`;
    const when = step.on === 'normal' ? '' : ` [on ${step.on}]`;
    const line = `${symbolOf(step.status)} ${step.name}${when}: ${step.summary}${took}`;
    return [line, ...(step.why === undefined ? [] : [`  ${step.why}`])].flatMap(harmlessLines);
  });
}
