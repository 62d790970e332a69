import { own } from '../own.ts';

/** Probe → the probes whose failure explains its own. */
export type Graph = Readonly<Record<string, { readonly depends_on: readonly string[] }>>;

/** Everything `name` rests on, directly or through others, nearest first, without itself. */
export function closureOf(graph: Graph, name: string): string[] {
  const found = new Set<string>();
  let level = [name];
  while (level.length > 0) {
    level = level
      .flatMap((one) => own(graph, one)?.depends_on ?? [])
      .filter((one) => one !== name && !found.has(one) && Object.hasOwn(graph, one));
    for (const one of level) found.add(one);
  }
  return [...found];
}

/** A way from a probe back to itself (`[a, b, a]`) for each cycle that a depth-first walk meets. */
export function cyclesIn(graph: Graph): string[][] {
  const done = new Set<string>();
  const cycles: string[][] = [];
  const walk = (name: string, way: string[]): void => {
    const at = way.indexOf(name);
    if (at >= 0) {
      cycles.push([...way.slice(at), name]);
      return;
    }
    if (done.has(name)) return;
    for (const next of own(graph, name)?.depends_on ?? []) walk(next, [...way, name]);
    done.add(name);
  };
  for (const name of Object.keys(graph)) walk(name, []);
  return cycles;
}

/**
 * The failed dependency that explains the failure of `name`: of all failed ones it rests on, the nearest that rests on no
 * failed one itself. Null when none has failed.
 */
export function causeOf(graph: Graph, name: string, failed: (probe: string) => boolean): string | null {
  const bad = closureOf(graph, name).filter((one) => failed(one));
  return bad.find((one) => !closureOf(graph, one).some((other) => failed(other))) ?? bad[0] ?? null;
}
