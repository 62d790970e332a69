import type { LinearTodoIssue } from '../../ports/linear.ts';
import type { Todo } from './scan.ts';

/** So much alike, words that were edited are the same TODO: in the same file, or in another one. 0 to 1. */
const ALIKE = { here: 0.5, elsewhere: 0.85 };
/** Above so many pairs only those of one file are compared. */
const MAX_PAIRS = 100_000;

export interface Matched<T extends Todo> {
  /** Same words, owner and file, whatever the line. */
  same: { todo: T; issue: LinearTodoIssue }[];
  /** Other words, owner or file. */
  changed: { todo: T; issue: LinearTodoIssue }[];
  fresh: T[];
  /** In no file any more. */
  gone: LinearTodoIssue[];
}

/**
 * Which TODO is which issue's. First those that are the same, then those that were moved, then those that were edited, the
 * most alike first. Pure; the order of what is found decides between equals.
 *
 * @param isMine whether what a file holds was looked at: of another one nothing is said
 */
export function match<T extends Todo>(
  found: readonly T[],
  tracked: readonly LinearTodoIssue[],
  isMine: (file: string) => boolean,
): Matched<T> {
  const free = new Set(found);
  // What is gone may be back anywhere; what was elsewhere and was not looked at is still there.
  const open = new Set(tracked.filter((one) => isMine(one.file) || one.gone));
  const same: Matched<T>['same'] = [];
  const changed: Matched<T>['changed'] = [];
  const take = (to: Matched<T>['same'], todo: T, issue: LinearTodoIssue): void => {
    free.delete(todo);
    open.delete(issue);
    to.push({ todo, issue });
  };
  const pass = (to: Matched<T>['same'], keyOf: (one: T | LinearTodoIssue) => string): void => {
    const waiting = Map.groupBy(open, keyOf);
    for (const todo of [...free]) {
      const issue = waiting.get(keyOf(todo))?.shift();
      if (issue !== undefined) take(to, todo, issue);
    }
  };
  pass(same, ({ owner, team, text, file }) => [owner, team, text, file].join('\0'));
  pass(changed, ({ owner, team, text }) => [owner, team, text].join('\0'));
  pass(changed, ({ text, file }) => [text, file].join('\0'));
  const everywhere = free.size * open.size <= MAX_PAIRS;
  const pairs = [...free].flatMap((todo) =>
    [...open]
      .filter((issue) => issue.owner === todo.owner && issue.team === todo.team && !issue.gone)
      .filter((issue) => everywhere || issue.file === todo.file)
      .map((issue) => ({ todo, issue, alike: alike(todo.text, issue.text) }))
      .filter(({ issue, alike: much }) => much >= (issue.file === todo.file ? ALIKE.here : ALIKE.elsewhere)),
  );
  for (const { todo, issue } of pairs.toSorted((a, b) => b.alike - a.alike))
    if (free.has(todo) && open.has(issue)) take(changed, todo, issue);
  return { same, changed, fresh: [...free], gone: [...open].filter((one) => !one.gone) };
}

/** The Sørensen–Dice coefficient of two texts' pairs of letters. */
export function alike(a: string, b: string): number {
  const [one, other] = [pairsOf(a), pairsOf(b)];
  if (one.length + other.length === 0) return a === b ? 1 : 0;
  const rest = new Map<string, number>();
  for (const pair of other) rest.set(pair, (rest.get(pair) ?? 0) + 1);
  let both = 0;
  for (const pair of one) {
    const left = rest.get(pair) ?? 0;
    if (left === 0) continue;
    rest.set(pair, left - 1);
    both += 1;
  }
  return (2 * both) / (one.length + other.length);
}

function pairsOf(text: string): string[] {
  const letters = text.toLowerCase().replaceAll(/\s+/g, ' ');
  return Array.from({ length: Math.max(0, letters.length - 1) }, (_, n) => letters.slice(n, n + 2));
}
