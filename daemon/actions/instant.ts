import { fail } from '../../contracts/errors.ts';

/** A time in UTC as a person types it, ms. Throws ARGUMENTS_INVALID, naming the command and its flag. */
export function instant(text: string, command: string, flag: string): number {
  const at = /^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2})?(\.\d+)?(Z|[+-]\d{2}:\d{2})?)?$/.test(text)
    ? Date.parse(/[zZ]$|[+-]\d{2}:\d{2}$/.test(text) || !text.includes('T') ? text : `${text}Z`)
    : NaN;
  if (!Number.isNaN(at)) return at;
  throw fail('ARGUMENTS_INVALID', {
    command,
    why: `--${flag} takes a time in UTC such as 2026-11-25 or 2026-11-25T03:15Z, not "${text.slice(0, 40)}"`,
  });
}
