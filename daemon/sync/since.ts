import { fail } from '../../contracts/errors.ts';
import { dayOf } from '../calendar.ts';

/** `--since` of a sync job, a day in the estate's zone as reports and pages name it, as the instant it begins at, ms. Throws ARGUMENTS_INVALID. */
export function sinceOf(
  { since }: { since: string | undefined },
  timezone: string,
  command: string,
): number | undefined {
  if (since === undefined) return undefined;
  const found = dayOf(since, timezone);
  if (found !== undefined) return found.from;
  const why = `--since takes a day such as 2026-11-25, not "${since.slice(0, 20)}"`;
  throw fail('ARGUMENTS_INVALID', { command, why });
}
