/** Offset of local time from UTC at an instant, ms. */
export type OffsetAt = (time: number) => number;

/**
 * Offsets of an IANA zone. Whole minutes before 1900 apart, which no slot reaches, every zone's offset is a multiple of a
 * minute; Intl gives local fields, from which it follows.
 */
export function offsets(timezone: string): OffsetAt {
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone: timezone,
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  });
  return (time) => {
    const field: Record<string, number> = {};
    for (const { type, value } of format.formatToParts(time)) field[type] = Number(value);
    const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = field;
    return Date.UTC(year, month - 1, day, hour, minute, second) - Math.floor(time / 1000) * 1000;
  };
}

/** What a zone is ahead of UTC at an instant, ms. */
const offset = (at: number, timezone: string): number => offsets(timezone)(at);

/** The instant at which a day begins in a zone, ms. Where midnight is left out, the one an hour later. */
function midnight(year: number, month: number, day: number, timezone: string): number {
  const utc = Date.UTC(year, month, day);
  const first = utc - offset(utc, timezone);
  return utc - offset(first, timezone);
}

/** The seven days that end with this one (`2026-11-25`, the whole of it), ms; undefined for what is no date. */
export const weekOf = (date: string, timezone: string): { from: number; to: number } | undefined =>
  daysUntil(date, 7, timezone);

/** A day (`2026-11-25`) from its beginning to its end, ms: 23, 24 or 25 hours. Undefined for what is no date. */
export const dayOf = (date: string, timezone: string): { from: number; to: number } | undefined =>
  daysUntil(date, 1, timezone);

const WEEKDAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];
/** `Wed 25` in a zone. */
export function weekday(at: number, timezone: string): string {
  const date = day(at, timezone);
  return `${WEEKDAYS[new Date(`${date}T00:00:00Z`).getUTCDay()] ?? ''} ${Number(date.slice(8))}`;
}

/** The days of a zone from the one that begins at `from` until `to`, ms. */
export function daysIn(from: number, to: number, timezone: string): { from: number; to: number }[] {
  const days: { from: number; to: number }[] = [];
  for (let at = from; at < to;) {
    const end = Math.min(to, dayOf(day(at, timezone), timezone)?.to ?? to);
    days.push({ from: at, to: end });
    at = end;
  }
  return days;
}

/** So many days that end with this one. */
function daysUntil(date: string, count: number, timezone: string): { from: number; to: number } | undefined {
  const [, year, month, day] = (/^(\d{4})-(\d\d)-(\d\d)$/.exec(date) ?? []).map(Number);
  if (year === undefined || month === undefined || day === undefined) return undefined;
  // The 31st of February would silently be the 3rd of March.
  const asked = new Date(Date.UTC(year, month - 1, day));
  if (Number.isNaN(asked.getTime()) || asked.toISOString().slice(0, 10) !== date) return undefined;
  return {
    from: midnight(year, month - 1, day - count + 1, timezone),
    to: midnight(year, month - 1, day + 1, timezone),
  };
}

/** `2026-11-25 14:03` in a zone. */
export function stamp(at: number, timezone: string): string {
  const local = new Date(at + offset(at, timezone)).toISOString();
  return `${local.slice(0, 10)} ${local.slice(11, 16)}`;
}

/** `2026-11-25` in a zone. */
export const day = (at: number, timezone: string): string => stamp(at, timezone).slice(0, 10);

/**
 * The day, or the seven days, that a digest is of: until a date, or as of an instant. In the morning that is until
 * yesterday, from noon on until today, so that a digest at any hour is of a day that is over or nearly so.
 */
export function digestSpan(
  period: 'day' | 'week',
  as: string | number,
  timezone: string,
): { from: number; to: number } | undefined {
  const date = typeof as === 'string' ? as : day(as - 12 * 3_600_000, timezone);
  return period === 'week' ? weekOf(date, timezone) : dayOf(date, timezone);
}
