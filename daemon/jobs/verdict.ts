import { ArtifactRef } from '../../contracts/artifact.ts';
import { errorTable, type ErrorCode, type ReeveError } from '../../contracts/errors.ts';
import type { TerminalStatus } from '../../contracts/job.ts';
import type { JsonObject } from '../../contracts/json.ts';
import type { Redactor } from '../ports/steps.ts';
import { block, cut, oneLine } from '../text.ts';

/** Records stay far below the ledger's 64 KiB: what is larger belongs into an artifact. */
const MAX_OUTPUTS = 12_000;
const MAX_VALUE = 2_000;
const MAX_REFS = 24_000;

/** What the ledger refuses with for now: it passes. */
export const NO_ROOM: ReadonlySet<string> = new Set(['LEDGER_DISK_FULL', 'LEDGER_NO_FILES']);

/** How one step ended. */
export interface Verdict {
  status: TerminalStatus;
  error_code?: string;
  /** Redacted. */
  why?: string;
  /** Whether its effect may have begun: its intent was recorded and the runner was called. */
  begun: boolean;
  artifacts: ArtifactRef[];
}

export const good = ({ status }: Verdict): boolean => status === 'PASS' || status === 'SKIPPED';

/** What an interruption makes of a step or an attempt. */
export const statusOf = (error: ReeveError): 'FAIL' | 'TIMED_OUT' | 'CANCELLED' => {
  if (error.code === 'STEP_TIMED_OUT' || error.code === 'JOB_TIMED_OUT') return 'TIMED_OUT';
  const failed = error.code === 'STEP_OUTPUT_LIMIT' || error.code === 'INTERNAL' || NO_ROOM.has(error.code);
  return failed ? 'FAIL' : 'CANCELLED';
};

/** Whether trying again may help: what was refused, or is a mistake in what was asked, stays so. */
export function isRetryable(code: string | undefined): boolean {
  if (code === undefined || !Object.hasOwn(errorTable, code)) return true;
  return (
    errorTable[code as ErrorCode].exit === 'failed' && code !== 'JOB_CANCELLED' && code !== 'LOCK_STOLEN'
  );
}

/** Text for people as it may stand in a record. */
export const forRecord = (redactor: Redactor, text: string, max = 1000): string =>
  cut(oneLine(redactor.text(text), max * 2), max);

/** Whether a value came into a record as it was: nothing hidden, cut or escaped. */
export const isWhole = (value: string): boolean =>
  !/\[redacted\]|…$|… \(\d+ characters\)$|\\[nrtu]/.test(value);

/** Outputs of one step as they may stand in a record. */
export function outputsForRecord(
  redactor: Redactor,
  outputs: Record<string, string>,
): JsonObject | undefined {
  const kept: JsonObject = {};
  let size = 0;
  for (const [name, value] of Object.entries(outputs)) {
    // Lines stay lines, as they are read again after a crash; another kind of line end is shown as what it is.
    const shown = value.includes('\r') ? oneLine : block;
    const text = cut(shown(redactor.text(value), MAX_VALUE * 2), MAX_VALUE);
    size += name.length + text.length;
    if (size > MAX_OUTPUTS) break;
    kept[name] = text;
  }
  return Object.keys(kept).length === 0 ? undefined : kept;
}

/** Refs as they may stand in a record: no name or type beyond what the contract knows, and not too many. */
export function refsForRecord(artifacts: readonly ArtifactRef[]): ArtifactRef[] {
  const kept: ArtifactRef[] = [];
  let size = 0;
  for (const artifact of artifacts) {
    const ref = ArtifactRef.parse(artifact);
    size += JSON.stringify(ref).length;
    if (size > MAX_REFS || kept.length === 100) break;
    kept.push(ref);
  }
  return kept;
}
