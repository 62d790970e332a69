export const REDACTED = '[redacted]';

interface Node {
  next: Map<number, number>;
  /** Longest proper suffix that is also a prefix of a needle. */
  fail: number;
  depth: number;
  /** Length of the longest needle that ends here; 0: none. */
  hit: number;
  /** A line break here may stand inside an encoded needle. */
  wraps: boolean;
}

/** From this many characters on, a line break does not end a wrapped needle. */
const WRAP_DEPTH = 4;
/** Line breaks and the indentation after them, in one place. */
const MAX_SKIP = 24;

const node = (depth: number): Node => ({ next: new Map(), fail: 0, depth, hit: 0, wraps: false });

/** Finds all needles at once in one pass (Aho & Corasick, CACM 18(6), 1975). Node 0 is the root. */
export class NeedleMatcher {
  readonly nodes: Node[] = [node(0)];

  /** @param needles text → whether line breaks inside are ignored */
  constructor(needles: ReadonlyMap<string, boolean>) {
    for (const [text, wraps] of needles) this.#insert(text, wraps);
    this.#link();
  }

  at(index: number): Node {
    const found = this.nodes[index];
    if (found === undefined) throw new RangeError(`no node ${index}`);
    return found;
  }

  /** The state after one more UTF-16 unit. */
  step(state: number, unit: number): number {
    for (let from = state; ; from = this.at(from).fail) {
      const to = this.at(from).next.get(unit);
      if (to !== undefined) return to;
      if (from === 0) return 0;
    }
  }

  #insert(text: string, wraps: boolean): void {
    let state = 0;
    for (let i = 0; i < text.length; i++) {
      const here = this.at(state);
      let to = here.next.get(text.charCodeAt(i));
      if (to === undefined) {
        to = this.nodes.push(node(i + 1)) - 1;
        here.next.set(text.charCodeAt(i), to);
      }
      if (wraps && i + 1 >= WRAP_DEPTH) this.at(to).wraps = true;
      state = to;
    }
    this.at(state).hit = text.length;
  }

  #link(): void {
    const queue = [...this.at(0).next.values()];
    for (const state of queue) {
      const here = this.at(state);
      here.hit = Math.max(here.hit, this.at(here.fail).hit);
      for (const [unit, to] of here.next) {
        this.at(to).fail = this.step(here.fail, unit);
        queue.push(to);
      }
    }
  }
}

/** Replaces needles in a stream of text; what may be the beginning of one is held back. */
export class NeedleStream {
  readonly #matcher: NeedleMatcher;
  #state = 0;
  #held = '';
  /** Places in `#held` of the characters of the current match, skipped ones left out. */
  #places: number[] = [];
  #skipped = 0;
  /** Parts of `#held` that are needles, in order. */
  #found: [from: number, to: number][] = [];

  constructor(matcher: NeedleMatcher) {
    this.#matcher = matcher;
  }

  push(chunk: string): string {
    const text = this.#held + chunk;
    for (let i = this.#held.length; i < text.length; i++) {
      const start = this.#take(text.charCodeAt(i), i);
      if (start !== undefined) this.#mark(start, i + 1);
    }
    const { depth } = this.#matcher.at(this.#state);
    return this.#release(text, depth === 0 ? text.length : Math.max(0, this.#places.at(-depth) ?? 0));
  }

  end(): string {
    this.#reset();
    return this.#release(this.#held, this.#held.length);
  }

  /** Joins what overlaps or touches. */
  #mark(start: number, end: number): void {
    let from = start;
    for (let last = this.#found.at(-1); last !== undefined && last[1] >= from; last = this.#found.at(-1)) {
      from = Math.min(from, last[0]);
      this.#found.pop();
    }
    this.#found.push([from, end]);
  }

  /** Follows one unit; returns where the needle that ends here begins. */
  #take(unit: number, place: number): number | undefined {
    const here = this.#matcher.at(this.#state);
    const next = this.#matcher.step(this.#state, unit);
    if (next === 0) {
      const breaks = unit === 10 || unit === 13 || (this.#skipped > 0 && (unit === 32 || unit === 9));
      if (here.wraps && breaks && this.#skipped < MAX_SKIP) this.#skipped++;
      else this.#reset();
      return undefined;
    }
    this.#skipped = 0;
    this.#state = next;
    this.#places.push(place);
    const { hit } = this.#matcher.at(next);
    return hit === 0 ? undefined : Math.max(0, this.#places.at(-hit) ?? 0);
  }

  #reset(): void {
    this.#state = 0;
    this.#places = [];
    this.#skipped = 0;
  }

  /** Lets out what stands before `safe`; a needle that begins before it goes as a whole. */
  #release(text: string, safe: number): string {
    let out = '';
    let at = 0;
    while (this.#found[0] !== undefined && this.#found[0][0] < safe) {
      const [from, to] = this.#found[0];
      out += text.slice(at, from) + REDACTED;
      at = to;
      this.#found.shift();
    }
    const kept = Math.max(at, safe);
    out += text.slice(at, kept);
    this.#held = text.slice(kept);
    this.#found = this.#found.map(([from, to]) => [from - kept, to - kept]);
    const { depth } = this.#matcher.at(this.#state);
    this.#places = depth === 0 ? [] : this.#places.slice(-depth).map((place) => place - kept);
    return out;
  }
}
