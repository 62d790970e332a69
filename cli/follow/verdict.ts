import type { JsonObject } from '../../contracts/json.ts';
import { counted, type JobResult } from '../../contracts/job-result.ts';
import { harmless } from '../io/harmless.ts';
import type { Terminal } from '../io/terminal.ts';
import { duration, shortId } from '../io/units.ts';
import { wrap } from '../io/width.ts';
import { statusLook, statusSymbol } from '../render/cell.ts';
import type { Followed } from './state.ts';

/** The last word on a job, and where to look next. */
export function verdictLines(terminal: Terminal, state: Followed): string[] {
  const id = shortId(state.id, terminal.globals.wide);
  const took =
    state.ended === undefined
      ? ''
      : ` in ${duration(Math.max(0, state.ended - (state.started ?? state.queued)))}`;
  const look = statusLook(terminal, state.status);
  const nth = state.attempt > 1 ? ` (attempt ${state.attempt})` : '';
  const verdict = terminal.style('bold', look(`${statusSymbol(state.status)} ${state.status}`));
  const lines = [`${verdict}  ${harmless(state.title)} on ${harmless(state.where)}${took}${nth}`];
  if (state.why !== undefined && state.status !== 'PASS') lines.push(`  ${harmless(state.why)}`);
  if (state.result !== undefined) lines.push(...resultLines(terminal, state.result));
  if (!terminal.globals.quiet)
    lines.push(...next(state).map((command) => terminal.dim(`  → reeve ${command.replace('ID', id)}`)));
  return lines;
}

/** Lines of one part of a result; its document has all of them. */
const MAX_LINES = 12;

/** Title, headline, what was or would be written, counts. */
function resultLines(terminal: Terminal, { title, headline, changes, counts }: JobResult): string[] {
  const part = (lines: readonly string[]): string[] => [
    ...lines.slice(0, MAX_LINES).flatMap((line) => indented(terminal, harmless(line))),
    ...(lines.length > MAX_LINES ? [terminal.dim(`  and ${lines.length - MAX_LINES} more`)] : []),
  ];
  const sum = counted(counts);
  return [
    '',
    terminal.style('bold', `  ${harmless(title)}`),
    ...part(headline),
    ...(headline.length > 1 && changes.length > 0 ? [''] : []),
    ...part(changes),
    ...(sum === '' ? [] : indented(terminal, harmless(sum))),
    '',
  ];
}

/** Wrapped to the terminal, and what follows of a line stands below its beginning. */
function indented(terminal: Terminal, line: string): string[] {
  const mark = line.startsWith('- ') ? '- ' : '';
  const lines = terminal.width === undefined ? [line] : wrap(line, terminal.width - 2 - mark.length);
  return lines.map((text, n) => `  ${n === 0 ? '' : ' '.repeat(mark.length)}${text}`);
}

function next(state: Followed): string[] {
  switch (state.status) {
    case 'PASS':
      return [...(state.result?.document == null ? [] : ['jobs document ID']), 'jobs show ID'];
    case 'UNKNOWN':
      return ['jobs logs ID', 'jobs resolve ID --as pass|fail --reason "…"'];
    case 'FAIL':
    case 'TIMED_OUT':
      return ['jobs logs ID', 'jobs show ID', 'jobs retry ID'];
    default:
      return ['jobs show ID'];
  }
}

/** The `job` of `--json`. */
export function jobData(state: Followed, detached: boolean): JsonObject {
  return {
    id: state.id,
    status: state.status,
    title: state.title,
    attempt: state.attempt,
    ...(state.started === undefined || state.ended === undefined ? {} : { ms: state.ended - state.started }),
    ...(state.why === undefined ? {} : { why: state.why }),
    ...(state.result === undefined ? {} : { result: state.result }),
    steps: state.steps.map(({ name, kind, on, status, ms, why }) => ({
      name,
      kind,
      on,
      status,
      ...(ms === undefined ? {} : { ms }),
      ...(why === undefined ? {} : { why }),
    })),
    ...(detached ? { detached: true } : {}),
  };
}
