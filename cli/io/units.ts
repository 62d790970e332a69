import * as units from '../../contracts/units.ts';

export { bytes, count, duration, plural } from '../../contracts/units.ts';

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

const two = (n: number): string => String(n).padStart(2, '0');

/** `just now`, `5 min ago`, `in 1 h 20 min`, `in 2 d`. */
export function relative(at: number, now: number): string {
  // Whole seconds: what was set to two hours a moment ago is two hours away, not one.
  const away = Math.round(Math.abs(now - at) / SECOND) * SECOND;
  // How long something still holds matters to the minute; how long ago it was does not.
  const minutes = at > now ? Math.floor((away % HOUR) / MINUTE) : 0;
  if (away < 5 * SECOND) return at > now ? 'in a moment' : 'just now';
  const words =
    away < MINUTE
      ? `${Math.floor(away / SECOND)} s`
      : away < HOUR
        ? `${Math.floor(away / MINUTE)} min`
        : away < 2 * DAY
          ? `${Math.floor(away / HOUR)} h${away < 6 * HOUR && minutes > 0 ? ` ${minutes} min` : ''}`
          : `${Math.floor(away / DAY)} d`;
  return at > now ? `in ${words}` : `${words} ago`;
}

/** A moment in the reader's zone: `14:03` today, `2026-01-02 14:03` on other days; exact with its offset when `wide`. */
export function stamp(at: number, now: number, wide: boolean): string {
  const d = new Date(at);
  if (Number.isNaN(d.getTime())) return '?';
  const day = `${d.getFullYear()}-${two(d.getMonth() + 1)}-${two(d.getDate())}`;
  const time = `${two(d.getHours())}:${two(d.getMinutes())}`;
  if (wide) {
    const offset = -d.getTimezoneOffset();
    const zone = `${offset < 0 ? '-' : '+'}${two(Math.floor(Math.abs(offset) / 60))}:${two(Math.abs(offset) % 60)}`;
    return `${day} ${time}:${two(d.getSeconds())}.${String(d.getMilliseconds()).padStart(3, '0')} ${zone}`;
  }
  return new Date(now).toDateString() === d.toDateString() ? time : `${day} ${time}`;
}

/** `14:03 (2 h ago)`. */
export const when = (at: number, now: number, wide: boolean): string =>
  `${stamp(at, now, wide)} (${relative(at, now)})`;

/** Ids as they are when `wide`, else short enough to read. */
export const shortId = (id: string, wide: boolean): string => (wide ? id : units.shortId(id));
