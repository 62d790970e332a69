import { plural } from '../contracts/units.ts';
import { suggest } from './suggest.ts';

const FIELDS = [
  { name: 'second', min: 0, max: 59 },
  { name: 'minute', min: 0, max: 59 },
  { name: 'hour', min: 0, max: 23 },
  { name: 'day of month', min: 1, max: 31 },
  { name: 'month', min: 1, max: 12 },
  { name: 'day of week', min: 0, max: 7 },
] as const;
const NICKNAMES = ['@hourly', '@daily', '@weekly', '@monthly', '@yearly', '@annually', '@midnight'];
/** Cron knows their first three letters. */
const NAMES: Record<string, readonly string[]> = {
  month: 'january february march april may june july august september october november december'.split(' '),
  'day of week': 'sunday monday tuesday wednesday thursday friday saturday'.split(' '),
};
const DAYS = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/**
 * What to change in a cron line that cannot be read or is never due, for people; undefined when nothing is known to help.
 * Only numbers are looked at: it explains a refusal and decides nothing.
 */
export function cronHelp(line: string): string | undefined {
  const text = line.trim();
  if (text.startsWith('@')) {
    const near = suggest(text.toLowerCase(), NICKNAMES);
    return near === undefined ? `known short forms are ${NICKNAMES.join(', ')}` : `did you mean ${near}?`;
  }
  const parts = text.split(/\s+/);
  if (parts.length !== 5 && parts.length !== 6)
    return `it has ${plural(parts.length, 'field')}; it takes five (minute hour day month weekday, such as "15 3 * * *") or six with seconds first`;
  const fields = parts.length === 5 ? FIELDS.slice(1) : FIELDS;
  for (const [i, field] of fields.entries()) {
    const word = misspelt(parts[i] ?? '', NAMES[field.name] ?? []);
    if (word !== undefined) return `did you mean ${word}?`;
    const wrong = outside(parts[i] ?? '', field);
    if (wrong === undefined) continue;
    const fits = fields.find(
      (other, k) => k !== i && parts[k] === '*' && wrong >= other.min && wrong <= other.max,
    );
    const swap = fits === undefined ? '' : `; is ${wrong} the ${fits.name}?`;
    return `${wrong} is no ${field.name} (${field.min}–${field.max})${swap}`;
  }
  const [day = '', month = ''] = parts.slice(-3);
  const [d, m] = [Number(day), Number(month)];
  const days = DAYS[m - 1];
  if (days !== undefined && d > days) return `month ${m} has no day ${d}; "L" is the last day of a month`;
  return undefined;
}

/** What a word of a field was meant to be, as cron writes it; undefined when each is known, or nothing is near. */
function misspelt(part: string, names: readonly string[]): string | undefined {
  const word = part
    .toLowerCase()
    .split(/[,-]/)
    .find((piece) => /^[a-z]{3,}$/.test(piece) && !names.some((name) => name.slice(0, 3) === piece));
  const near = word === undefined ? undefined : suggest(word, names);
  return near?.slice(0, 3).toUpperCase();
}

/** The first number of a field that is outside its range. */
function outside(part: string, { min, max }: { min: number; max: number }): number | undefined {
  return part
    .split(/[,-]/)
    .map((piece) => piece.replace(/\/.*$/, ''))
    .filter((piece) => /^\d+$/.test(piece))
    .map(Number)
    .find((value) => value < min || value > max);
}
