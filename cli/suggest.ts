/** Optimal string alignment distance (Damerau-Levenshtein without overlapping edits). */
function distance(a: string, b: string): number {
  let before: number[] = [];
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const cost = a[i - 1] === b[j - 1] ? 0 : 1;
      let d = Math.min((row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1, (row[j - 1] ?? 0) + cost);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        d = Math.min(d, (before[j - 2] ?? 0) + 1);
      next[j] = d;
    }
    [before, row] = [row, next];
  }
  return row[b.length] ?? 0;
}

/** The nearest of `known`: at most 40 % of the longer word may differ. */
export function nearest(word: string, known: Iterable<string>): string | undefined {
  let best: string | undefined;
  let least = Number.POSITIVE_INFINITY;
  for (const candidate of known) {
    const limit = Math.max(1, Math.floor(Math.max(word.length, candidate.length) * 0.4));
    if (Math.abs(word.length - candidate.length) > limit) continue;
    const d = distance(word.toLowerCase(), candidate.toLowerCase());
    if (d <= limit && d < least) [best, least] = [candidate, d];
  }
  return best;
}

/** Options that say the same in different commands, here and elsewhere. */
const ALIKE = [
  ['--limit', '--lines', '--last', '--count', '--number', '--max', '--tail', '--head', '-n'],
  ['--env', '--environment', '-e'],
  ['--project', '--project-id', '--project-ids', '-p'],
  ['--reason', '--why', '--message', '-m'],
] as const satisfies string[][];

/** The option of `known` that whoever gave `flag` meant: the one of the same meaning, or else the nearest. */
export function meant(flag: string, known: readonly string[]): string | undefined {
  const alike: readonly string[] = ALIKE.find((group: readonly string[]) => group.includes(flag)) ?? [];
  return known.find((long) => alike.includes(long)) ?? nearest(flag, known);
}
