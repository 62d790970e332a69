import { fail, type ReeveError } from '../../contracts/errors.ts';
import type { LintProblem } from '../ports/runbooks.ts';
import { cut, oneLine } from '../text.ts';

const MAX_PROBLEMS = 50;

/** Collects every mistake of one file, in the order of its lines. */
export class Problems {
  readonly #source: string;
  readonly #found: (LintProblem & { line: number })[] = [];

  constructor(source: string) {
    this.#source = source;
  }

  /** @param line of the file, from 1 */
  error(line: number, message: string): void {
    this.#add(line, message, 'error');
  }
  warn(line: number, message: string): void {
    this.#add(line, message, 'warning');
  }

  get failed(): boolean {
    return this.#found.some(({ severity }) => severity === 'error');
  }

  list(): LintProblem[] {
    const sorted = [...this.#found].sort((a, b) => a.line - b.line);
    return sorted.map(({ at, message, severity }) => ({ at, message, severity }));
  }

  #add(line: number, message: string, severity: LintProblem['severity']): void {
    if (this.#found.length >= MAX_PROBLEMS) return;
    this.#found.push({ at: `${this.#source}:${line}`, message: oneLine(message, 500), severity, line });
  }
}

/** RUNBOOK_INVALID with the first mistake in its message and all of them in `more`. */
export function invalid(source: string, problems: readonly LintProblem[]): ReeveError {
  const errors = problems.filter(({ severity }) => severity === 'error');
  const first = errors[0];
  return fail(
    'RUNBOOK_INVALID',
    {
      file: source,
      count: errors.length,
      why: first === undefined ? 'it cannot be read' : `${first.at}: ${cut(first.message, 300)}`,
    },
    {
      at: first?.at ?? `${source}:1`,
      more: errors.map(({ at, message }) => `${at}: ${message}`),
    },
  );
}
