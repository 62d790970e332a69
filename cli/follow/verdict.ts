import type { JsonObject } from '../../contracts/json.ts';
import { harmless } from '../io/harmless.ts';
import type { Terminal } from '../io/terminal.ts';
import { duration, shortId } from '../io/units.ts';
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
  if (!terminal.globals.quiet)
    lines.push(...next(state).map((command) => terminal.dim(`  → reeve ${command.replace('ID', id)}`)));
  return lines;
}

function next(state: Followed): string[] {
  switch (state.status) {
    case 'PASS':
      return ['jobs show ID'];
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
