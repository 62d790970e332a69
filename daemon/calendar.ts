/** What a zone is ahead of UTC at an instant, ms. */
function offset(at: number, timezone: string): number {
  const parts = new Intl.DateTimeFormat('en-US', {
    timeZone: timezone,
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  }).formatToParts(at);
  const of = (type: string): number => Number(parts.find((part) => part.type === type)?.value);
  const local = Date.UTC(of('year'), of('month') - 1, of('day'), of('hour'), of('minute'), of('second'));
  return local - Math.floor(at / 1000) * 1000;
}

/** The instant at which a day begins in a zone, ms. Where midnight is left out, the one an hour later. */
function midnight(year: number, month: number, day: number, timezone: string): number {
  const utc = Date.UTC(year, month, day);
  const first = utc - offset(utc, timezone);
  return utc - offset(first, timezone);
}

/** The seven days that end with this one (`2026-11-25`, the whole of it), ms; undefined for what is no date. */
export function weekOf(date: string, timezone: string): { from: number; to: number } | undefined {
  const [, year, month, day] = (/^(\d{4})-(\d\d)-(\d\d)$/.exec(date) ?? []).map(Number);
  if (year === undefined || month === undefined || day === undefined) return undefined;
  // The 31st of February would silently be the 3rd of March.
  const asked = new Date(Date.UTC(year, month - 1, day));
  if (Number.isNaN(asked.getTime()) || asked.toISOString().slice(0, 10) !== date) return undefined;
  return {
    from: midnight(year, month - 1, day - 6, timezone),
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
