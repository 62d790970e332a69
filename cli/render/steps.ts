import type { StepView } from '../../contracts/reply.ts';
import { harmless } from '../io/harmless.ts';
import type { Terminal } from '../io/terminal.ts';
import { duration } from '../io/units.ts';
import { pad, truncate, widthOf } from '../io/width.ts';
import { statusLook, statusSymbol } from './cell.ts';

const WHEN: Record<StepView['on'], string> = { normal: '', failure: 'if it fails', always: 'always' };

export interface StepLook {
  /** Instead of the symbol of a running step. */
  spinner?: string;
  /** Time a running step has taken. */
  elapsed?: (step: StepView) => number | undefined;
  /** Lines to stand under a step. */
  below?: (step: StepView) => string[];
}

/** `✓ restore  sh  into a scratch place  1.2 s`, one line a step, and why it failed below it. */
export function stepLines(terminal: Terminal, steps: readonly StepView[], look: StepLook = {}): string[] {
  const names = Math.max(...steps.map((s) => widthOf(harmless(s.name))), 4);
  const kinds = Math.max(...steps.map((s) => widthOf(harmless(s.kind))), 2);
  const msOf = (step: StepView): number | undefined =>
    step.ms ?? (step.status === 'RUNNING' ? look.elapsed?.(step) : undefined);
  const notes = steps.map((step) => {
    const ms = msOf(step);
    return [WHEN[step.on], ms === undefined ? '' : duration(ms)].filter((t) => t !== '').join(', ');
  });
  // What is left beside the symbol, the columns' gaps and the note.
  const room = Math.max(
    16,
    (terminal.width ?? 160) - names - kinds - Math.max(...notes.map(widthOf), 8) - 11,
  );
  const summaries = steps.map((s) => fit(terminal, harmless(s.summary), room));
  const summary = Math.min(room, Math.max(...summaries.map(widthOf)));
  return steps.flatMap((step, i) => {
    const paint = statusLook(terminal, step.status);
    const running = step.status === 'RUNNING';
    const symbol = running && look.spinner !== undefined ? look.spinner : statusSymbol(step.status);
    const name = pad(harmless(step.name), names);
    const line = [
      `  ${paint(symbol)} ${step.status === 'PENDING' ? terminal.dim(name) : name}`,
      terminal.dim(pad(harmless(step.kind), kinds)),
      pad(summaries[i] ?? '', summary),
      terminal.dim(notes[i] ?? ''),
    ]
      .filter((part) => part !== '')
      .join('  ')
      .trimEnd();
    const odd = step.status === 'TIMED_OUT' || step.status === 'CANCELLED' || step.status === 'UNKNOWN';
    const why = [odd ? step.status : '', step.why ?? ''].filter((t) => t !== '').join(': ');
    const below = look.below?.(step) ?? [];
    return why === '' ? [line, ...below] : [line, `      ${paint(harmless(why))}`, ...below];
  });
}

/** A terminal's lines are kept whole; a file gets everything. */
const fit = (terminal: Terminal, text: string, room: number): string =>
  terminal.width === undefined || terminal.globals.wide ? text : truncate(text, room);
