import { sha256Hex } from '../../digest.ts';
import { whole } from '../../text.ts';

/** `TODO(owner@team): …` as it stands in a file. */
export interface Todo {
  /** The same as long as owner and words are: it may move to another line or file. */
  id: string;
  owner: string;
  team: string;
  text: string;
  file: string;
  /** From 1. */
  line: number;
  /** The lines around it, as they are. */
  context: string[];
}

/** Words that are kept of one. */
const MAX_WORDS = 500;
/** Not in backticks: there somebody writes about it. */
const FORM = /(?<!`)\bTODO\(([\w.+-]{1,64})@([\w.-]{1,64})\)[ \t]*:?[ \t]*((?:(?!\bTODO\()[^\r\n]){0,501})/g;
/** A ticked box of a list: done. */
const DONE = /^\s*(?:[-*+]|\d+\.)\s+\[[xX]\]\s/;
/** What ends a comment, and what comes after it, are none of its words. */
const CLOSING = /(?:\*\/|-->|#\}|%>).*$/;
const CONTEXT = 2;
const MAX_LINE = 200;

/** What stands in one file. Linear in its length, whatever it holds. */
export function scan(file: string, source: string): Omit<Todo, 'id'>[] {
  if (!source.includes('TODO(')) return [];
  const lines = source.split(/\r?\n/);
  return lines.flatMap((line, n) => {
    if (!line.includes('TODO(') || DONE.test(line)) return [];
    // A generated line of a megabyte is no comment that somebody wrote.
    return [...whole(line, 10_000).matchAll(FORM)].map(([, owner = '', team = '', rest = '']) => ({
      owner,
      team,
      text: wordsOf(rest),
      file,
      line: n + 1,
      context: lines.slice(Math.max(0, n - CONTEXT), n + CONTEXT + 1).map((text) => whole(text, MAX_LINE)),
    }));
  });
}

const wordsOf = (rest: string): string =>
  whole(rest, MAX_WORDS).replace(CLOSING, '').replaceAll(/\s+/g, ' ').trim();

/** Gives each its id. The second of the same owner with the same words gets another one, and the same again next time. */
export function withIds(found: readonly Omit<Todo, 'id'>[]): Todo[] {
  const seen = new Map<string, number>();
  return found.map((todo) => {
    const what = `${todo.owner}@${todo.team}\0${todo.text.toLowerCase()}`;
    const n = (seen.get(what) ?? 0) + 1;
    seen.set(what, n);
    const id = `todo_${sha256Hex(Buffer.from(n === 1 ? what : `${what}\0${n}`)).slice(0, 16)}`;
    return { id, ...todo };
  });
}
