import { ReeveError } from '../../contracts/errors.ts';
import type { Artifacts } from '../ports/artifacts.ts';
import { own } from '../own.ts';
import { block } from '../text.ts';
import { iso } from '../time.ts';
import { unifiedDiff } from './diff.ts';
import type { MandateRow } from './mandate-projection.ts';
import type { Current } from './mandate-source.ts';

/**
 * What an acceptance is about, whole: the entry and each runbook, as a unified diff from what was accepted. Of a mandate
 * nobody has accepted, everything is new. Characters that could hide or disguise something are shown as escapes.
 */
export async function mandateDiff(
  artifacts: Artifacts,
  row: MandateRow | undefined,
  current: Current,
): Promise<string> {
  const was = row?.mandate;
  const is = current.mandate;
  const since = row === undefined ? 'nobody yet' : `${row.by} on ${iso(row.at)}`;
  const parts = [`mandate ${is.id}, accepted by ${since}`];
  if (current.broken !== undefined) parts.push(`cannot be used now: ${block(current.broken)}`);
  const entry = unifiedDiff(was === undefined ? '' : lines(was.entry), lines(is.entry));
  if (entry !== '')
    parts.push(`--- reeve.yaml ${is.id} (accepted)\n+++ reeve.yaml ${is.id} (now)\n${shown(entry)}`);
  const names = new Set([...Object.keys(was?.runbooks ?? {}), ...Object.keys(is.runbooks)]);
  for (const name of [...names].toSorted()) {
    const old = own(was?.runbooks ?? {}, name);
    if (old === own(is.runbooks, name)) continue;
    const now = current.runbooks.get(name);
    const source = now?.source ?? `runbook ${name}`;
    const head = `--- ${source} (accepted)\n+++ ${source} (now)`;
    const text = old === undefined ? '' : await stored(artifacts, old);
    parts.push(
      text === undefined
        ? `${head}\nThe accepted text ${old} is no longer stored; this is all of the new one:\n${shown(unifiedDiff('', now?.text ?? ''))}`
        : `${head}\n${shown(unifiedDiff(text, now?.text ?? ''))}`,
    );
  }
  if (parts.length === 1) parts.push('nothing differs from what was accepted');
  return parts.join('\n\n');
}

/** One line for each member, so that a difference is one line. */
function lines(entry: string): string {
  const value: unknown = JSON.parse(entry);
  if (typeof value !== 'object' || value === null) return entry;
  return Object.entries(value)
    .map(([key, member]) => `${key}: ${JSON.stringify(member)}\n`)
    .join('');
}

async function stored(artifacts: Artifacts, digest: string): Promise<string | undefined> {
  try {
    return Buffer.from(await artifacts.get(digest)).toString('utf8');
  } catch (error) {
    // Gone or damaged: then all of the new text is shown instead of the difference.
    if (error instanceof ReeveError) return undefined;
    throw error;
  }
}

/** Line by line and uncut, since what is not shown would be accepted unseen. */
const shown = (diff: string): string =>
  diff
    .split('\n')
    .map((line) => block(line, Number.MAX_SAFE_INTEGER))
    .join('\n');
