import type { Platform } from '../../contracts/chat.ts';
import { plural } from '../../contracts/units.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** How long ago something was, as people say it; ms. What a clock that was set puts into the future is now. */
export function ago(ms: number): string {
  if (ms < MINUTE) return 'just now';
  const [n, unit] =
    ms < HOUR
      ? [Math.floor(ms / MINUTE), 'minute']
      : ms < 2 * DAY
        ? [Math.floor(ms / HOUR), 'hour']
        : [Math.floor(ms / DAY), 'day'];
  return `${plural(n, unit)} ago`;
}

/** The first few, and how many more there are. */
export function some(names: readonly string[], most = 5): string {
  const more = names.length - most;
  return more > 0 ? `${names.slice(0, most).join(', ')} and ${more} more` : names.join(', ');
}

/** `a`, `a and b`, `a, b and c`. */
export const all = (names: readonly string[]): string =>
  names.length < 2 ? names.join('') : `${names.slice(0, -1).join(', ')} and ${names.at(-1) ?? ''}`;

/** As the platforms write themselves. */
export const NAME: Record<Platform, string> = { discord: 'Discord', slack: 'Slack' };

/** What to do for a bot of the daemon's, or for one that is started elsewhere with its token in the environment. */
export const orGiven = (next: string, variable: string): string =>
  `${next} (for a bot that PM2 runs: ${variable}=… reeve doctor)`;
