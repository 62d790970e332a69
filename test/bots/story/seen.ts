import type { Tone } from '../../../contracts/reply.ts';

/** What a person was shown, in words that belong to no platform. */
export interface Seen {
  tone: Tone | 'none';
  title: string;
  lines: string[];
  buttons: string[];
  /** For this person's eyes alone. */
  alone: boolean;
  /** Who is called, by name. */
  calls: string[];
  /** Something was too long and is a file. */
  file: boolean;
}

const ZERO_WIDTH = /\u200b/gu;

/**
 * Text as a reader sees it, without what changes from run to run: ids, digests, times and durations. How a platform writes
 * bold, code and times was taken away before.
 */
export function plainly(text: string): string {
  return text
    .replaceAll(/```/gu, '')
    .replaceAll(ZERO_WIDTH, '')
    .replaceAll(/[`ˋ]/gu, '')
    .replaceAll(/\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:Z| UTC)?/gu, 'TIME')
    .replaceAll(/ {2,}\d+$/gmu, ' N')
    .replaceAll(/ {2,}/gu, ' ')
    .replaceAll(/\b(job|gr|req|inc|rev|att|cfg)_[0-9a-f]{6,32}(?:\.\d+)?…?/gu, '$1_ID')
    .replaceAll(/sha256:[0-9a-f]{6,64}…?/gu, 'DIGEST')
    .replaceAll(/\b[0-9a-f]{12,64}\b…?/gu, 'HEX')
    .replaceAll(/\b\d+(?:\.\d+)? ?(?:ms|s|m|h)\b(?: \d+ ?s)?/gu, 'DURATION')
    .replaceAll(/(?:Ledger record|Ledger|record|Records?|seq):? \d+/giu, 'RECORD');
}

/** Undoes a platform's writing outside of fences; within, text stands as it is. */
export const outside = (text: string, undo: (part: string) => string): string =>
  text
    .split('```')
    .map((part, n) => (n % 2 === 0 ? undo(part) : part))
    .join('```');

export const linesOf = (text: string): string[] =>
  plainly(text)
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');

export const whole = ({ title, lines }: Seen): string => [title, ...lines].join('\n');
