/** Above this many pairs of differing lines the middle is shown as replaced, rather than compared line by line. */
const MAX_CELLS = 4_000_000;
const CONTEXT = 3;

type Op = { sign: ' ' | '-' | '+'; line: string };

/** Unified diff of two texts by lines, without file headers; '' when they are equal. */
export function unifiedDiff(before: string, after: string): string {
  if (before === after) return '';
  const ops = compare(split(before), split(after));
  const out: string[] = [];
  let [a, b] = [1, 1];
  let hunk: { ops: Op[]; a: number; b: number; quiet: number } | undefined;
  const close = (): void => {
    if (hunk === undefined) return;
    const spare = Math.max(0, hunk.quiet - CONTEXT);
    const kept = spare === 0 ? hunk.ops : hunk.ops.slice(0, -spare);
    const count = (sign: '-' | '+'): number =>
      kept.filter((op) => op.sign === ' ' || op.sign === sign).length;
    out.push(
      `@@ -${hunk.a},${count('-')} +${hunk.b},${count('+')} @@`,
      ...kept.map((op) => op.sign + op.line),
    );
    hunk = undefined;
  };
  for (const [i, op] of ops.entries()) {
    if (op.sign !== ' ' && hunk === undefined) {
      const lead = ops.slice(Math.max(0, i - CONTEXT), i);
      hunk = { ops: [...lead], a: a - lead.length, b: b - lead.length, quiet: 0 };
    }
    if (hunk !== undefined) {
      hunk.ops.push(op);
      hunk.quiet = op.sign === ' ' ? hunk.quiet + 1 : 0;
      if (hunk.quiet > 2 * CONTEXT) close();
    }
    if (op.sign !== '+') a++;
    if (op.sign !== '-') b++;
  }
  close();
  return out.join('\n');
}

/** Lines; a last one without a line end is marked, so that it differs from the same one with it. */
function split(text: string): string[] {
  if (text === '') return [];
  const lines = text.split('\n');
  const last = lines.pop() ?? '';
  return last === '' ? lines : [...lines, `${last} \\ no newline at the end`];
}

function compare(a: string[], b: string[]): Op[] {
  let start = 0;
  while (start < a.length && start < b.length && a[start] === b[start]) start++;
  let end = 0;
  while (end < a.length - start && end < b.length - start && a.at(-1 - end) === b.at(-1 - end)) end++;
  const same = (lines: string[]): Op[] => lines.map((line) => ({ sign: ' ', line }));
  return [
    ...same(a.slice(0, start)),
    ...middle(a.slice(start, a.length - end), b.slice(start, b.length - end)),
    ...same(end === 0 ? [] : a.slice(-end)),
  ];
}

/** Longest common subsequence by dynamic programming. */
function middle(a: string[], b: string[]): Op[] {
  const minus = (lines: string[]): Op[] => lines.map((line) => ({ sign: '-', line }));
  const plus = (lines: string[]): Op[] => lines.map((line) => ({ sign: '+', line }));
  if (a.length * b.length > MAX_CELLS) return [...minus(a), ...plus(b)];
  const width = b.length + 1;
  const best = new Uint32Array((a.length + 1) * width);
  for (let i = a.length - 1; i >= 0; i--) {
    for (let j = b.length - 1; j >= 0; j--) {
      const next = (i + 1) * width + j;
      best[i * width + j] =
        a[i] === b[j] ? (best[next + 1] ?? 0) + 1 : Math.max(best[next] ?? 0, best[i * width + j + 1] ?? 0);
    }
  }
  const ops: Op[] = [];
  let [i, j] = [0, 0];
  while (i < a.length && j < b.length) {
    if (a[i] === b[j]) {
      ops.push({ sign: ' ', line: a[i] ?? '' });
      i++;
      j++;
    } else if ((best[(i + 1) * width + j] ?? 0) >= (best[i * width + j + 1] ?? 0))
      ops.push({ sign: '-', line: a[i++] ?? '' });
    else ops.push({ sign: '+', line: b[j++] ?? '' });
  }
  return [...ops, ...minus(a.slice(i)), ...plus(b.slice(j))];
}
