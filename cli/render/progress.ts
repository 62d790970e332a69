import { harmless } from '../io/harmless.ts';
import type { Terminal } from '../io/terminal.ts';
import { bytes } from '../io/units.ts';

const CELLS = 24;

/** A bar that is full in proportion. */
export function bar(terminal: Terminal, done: number, total: number): string {
  const share = total > 0 ? Math.min(1, Math.max(0, done / total)) : 0;
  const full = Math.round(share * CELLS);
  return terminal.tone('info', '█'.repeat(full)) + terminal.dim('░'.repeat(CELLS - full));
}

/** One line that says how far something is, redrawn in place; nothing where a person does not look. */
export class ProgressLine {
  readonly #terminal: Terminal;
  readonly #label: string;
  readonly #shown: boolean;
  #percent = -1;

  constructor(terminal: Terminal, label: string) {
    this.#terminal = terminal;
    this.#label = harmless(label);
    this.#shown = terminal.live && Boolean(process.stderr.isTTY) && !terminal.globals.quiet;
  }

  /** Bytes. */
  update(done: number, total: number): void {
    // What is done at once needs no bar.
    const percent = Math.floor((100 * done) / Math.max(1, total));
    if (!this.#shown || percent === this.#percent || (this.#percent < 0 && done >= total)) return;
    this.#percent = percent;
    const figures = `${String(percent).padStart(3)} %  ${bytes(done)} of ${bytes(total)}`;
    process.stderr.write(`\r\u001B[K${this.#label}  ${bar(this.#terminal, done, total)}  ${figures}`);
  }

  /** Takes the line away again. */
  clear(): void {
    if (this.#percent >= 0) process.stderr.write('\r\u001B[K');
    this.#percent = -1;
  }
}
