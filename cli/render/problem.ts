import { EXIT, errorTable, fail, type ErrorCode, type ErrorResponse } from '../../contracts/errors.ts';
import { harmless } from '../io/harmless.ts';
import { Problem, Refused } from '../io/problem.ts';
import type { Terminal } from '../io/terminal.ts';

/** Any error as the one form every surface shows. */
export function responseOf(error: unknown): ErrorResponse {
  if (error instanceof Refused) return error.response;
  if (error instanceof Problem)
    return fail(error.code, error.params, error.more.length === 0 ? {} : { more: error.more }).toResponse();
  if (error instanceof Error && 'toResponse' in error && typeof error.toResponse === 'function')
    return error.toResponse() as ErrorResponse;
  const why = error instanceof Error ? error.message : String(error);
  const log = '`--verbose`, which shows where';
  return fail('INTERNAL', { why: why.replace(/\.$/, ''), log }).toResponse();
}

/** The exit code that belongs to an error. A code of a newer daemon counts as refused. */
export function exitOf(error: Pick<ErrorResponse, 'code' | 'status'>): number {
  if (Object.hasOwn(errorTable, error.code)) return EXIT[errorTable[error.code as ErrorCode].exit];
  return error.status >= 500 ? EXIT.failed : EXIT.refused;
}

/** Shows an error and answers the exit code. */
export function report(terminal: Terminal, command: string, error: unknown): number {
  const response = responseOf(error);
  if (terminal.globals.json) terminal.document({ ok: false, command, data: null, error: response });
  else showError(terminal, response);
  if (terminal.globals.verbose && error instanceof Error) {
    for (let e: unknown = error; e instanceof Error; e = e.cause)
      terminal.err(terminal.style('dim', harmlessStack(e), 'err'));
  }
  return exitOf(response);
}

const harmlessStack = (error: Error): string =>
  (error.stack ?? error.message)
    .split('\n')
    .map((line) => harmless(line))
    .join('\n');

/** On stderr: what happened, where, what else, what next. */
export function showError(terminal: Terminal, error: ErrorResponse): void {
  const lines = [
    `${terminal.style(['red', 'bold'], '✗', 'err')} ${terminal.style('bold', harmless(error.message), 'err')}`,
  ];
  if (error.at !== undefined) lines.push(`  at ${harmless(error.at)}`);
  const said = (line: string): boolean => error.message.includes(line);
  for (const more of error.more ?? []) if (!said(more)) lines.push(`  ${harmless(more)}`);
  if (error.hint !== '') lines.push(`  ${terminal.style('cyan', '→', 'err')} ${harmless(error.hint)}`);
  const seq = error.ledger_seq === undefined ? '' : `, ledger record ${error.ledger_seq}`;
  lines.push(terminal.style('dim', `  ${harmless(error.code)}${seq}`, 'err'));
  terminal.err(lines.join('\n'));
}
