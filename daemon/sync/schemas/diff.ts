import { oneLine } from '../../text.ts';
import { isObject } from './document.ts';

const MAX_CHANGES = 100;
const MAX_VALUE = 80;

export interface Changes {
  /** `+ - ~` and a JSON pointer (RFC 6901), with small values. */
  lines: string[];
  more: number;
}

/** What differs, in the order of the keys. What came or went as a whole is one line. */
export function differences(before: unknown, after: unknown): Changes {
  const changes: Changes = { lines: [], more: 0 };
  compare(before, after, '', changes);
  return changes;
}

function compare(before: unknown, after: unknown, at: string, changes: Changes): void {
  if (before === after) return;
  const [a, b] = [entries(before), entries(after)];
  if (a === undefined || b === undefined || Array.isArray(before) !== Array.isArray(after)) {
    if (a === undefined && b === undefined && JSON.stringify(before) === JSON.stringify(after)) return;
    say(changes, `~ ${at || '/'}: ${small(before)} → ${small(after)}`);
    return;
  }
  for (const key of new Set([...a.keys(), ...b.keys()])) {
    const here = `${at}/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`;
    if (!b.has(key)) say(changes, `- ${here}`);
    else if (!a.has(key)) say(changes, `+ ${here}`);
    else compare(a.get(key), b.get(key), here, changes);
  }
}

const entries = (value: unknown): Map<string, unknown> | undefined =>
  Array.isArray(value)
    ? new Map(value.map((one: unknown, n) => [String(n), one]))
    : isObject(value)
      ? new Map(Object.entries(value))
      : undefined;

const small = (value: unknown): string =>
  typeof value === 'object' && value !== null ? (Array.isArray(value) ? '[…]' : '{…}') : cutJson(value);
const cutJson = (value: unknown): string => {
  const text = JSON.stringify(value) ?? 'nothing';
  return text.length > MAX_VALUE ? `${text.slice(0, MAX_VALUE)}…` : text;
};

function say(changes: Changes, line: string): void {
  if (changes.lines.length < MAX_CHANGES) changes.lines.push(oneLine(line, 280));
  else changes.more += 1;
}
