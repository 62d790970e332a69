import type { JobStatus } from '../../contracts/job.ts';
import type { Cell, Tone } from '../../contracts/reply.ts';
import { harmless } from '../io/harmless.ts';
import type { Terminal } from '../io/terminal.ts';
import { bytes, count, duration, shortId, when } from '../io/units.ts';

export type Status = JobStatus | 'PENDING';

const SYMBOL: Record<Status, readonly [string, Tone | 'dim']> = {
  PENDING: ['·', 'dim'],
  QUEUED: ['…', 'info'],
  RUNNING: ['▸', 'info'],
  PASS: ['✓', 'good'],
  FAIL: ['✗', 'bad'],
  TIMED_OUT: ['✗', 'bad'],
  UNKNOWN: ['?', 'warn'],
  CANCELLED: ['-', 'warn'],
  SKIPPED: ['-', 'dim'],
};

/** Plain text and, apart from it, how it looks: widths are counted on the text. */
export interface Shown {
  text: string;
  look: (text: string) => string;
  right: boolean;
  /** Of no use when cut. */
  keep: boolean;
}

const plain = (text: string): string => text;

export function paint(terminal: Terminal, look: Tone | 'dim'): (text: string) => string {
  return look === 'dim' ? (text) => terminal.dim(text) : (text) => terminal.tone(look, text);
}

export const statusSymbol = (status: Status): string => SYMBOL[status][0];
export const statusLook = (terminal: Terminal, status: Status): ((text: string) => string) =>
  paint(terminal, SYMBOL[status][1]);

/** A cell on one line. */
export function showCell(terminal: Terminal, cell: Cell): Shown {
  const { wide } = terminal.globals;
  const shown = (text: string, look = plain, right = false, keep = right): Shown => ({
    text,
    look,
    right,
    keep,
  });
  if (cell === null) return shown('–', paint(terminal, 'dim'));
  if (typeof cell === 'string') return shown(harmless(cell));
  if (typeof cell === 'number')
    return shown(Number.isInteger(cell) ? count(cell) : String(cell), plain, true);
  if (typeof cell === 'boolean') return shown(cell ? 'yes' : 'no');
  if ('time' in cell) return shown(when(cell.time, terminal.now, wide));
  if ('duration' in cell) return shown(duration(cell.duration), plain, true);
  if ('bytes' in cell) return shown(bytes(cell.bytes), plain, true);
  if ('status' in cell)
    return shown(
      `${statusSymbol(cell.status)} ${cell.status}`,
      statusLook(terminal, cell.status),
      false,
      true,
    );
  if ('tone' in cell) return shown(harmless(cell.text), paint(terminal, cell.tone));
  return shown(shortId(harmless(cell.id), wide), plain, false, true);
}
