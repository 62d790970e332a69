import { createHash } from 'node:crypto';

/** A number from 0 up to 1 that belongs to a name. */
const seedOf = (name: string): number =>
  createHash('sha256').update(name).digest().readUIntBE(0, 6) / 2 ** 48;

/**
 * When each probe runs first, in ms from now, below its interval: those of one interval are dealt out evenly over it, in
 * an order that their names decide. So no two starts crowd together, and each has run within one interval.
 */
export function spread(probes: readonly { name: string; interval: number }[]): Map<string, number> {
  const groups = Map.groupBy(probes, ({ interval }) => interval);
  const offsets = new Map<string, number>();
  for (const [interval, group] of groups) {
    const order = group
      .map(({ name }) => ({ name, seed: seedOf(name) }))
      .toSorted((a, b) => a.seed - b.seed || (a.name < b.name ? -1 : 1));
    // A single one keeps its own place, so that single probes of many intervals do not all start in the middle.
    const [only] = order;
    for (const [i, { name }] of order.entries())
      offsets.set(name, interval * (order.length === 1 ? (only?.seed ?? 0) : (i + 0.5) / order.length));
  }
  return offsets;
}
