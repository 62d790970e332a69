/** Issues and what of them is remembered; deliveries that overtake each other are seconds apart. */
const MAX_KEPT = 1000;

/** Which change of an issue is the newest that was heard: Linear delivers in no order that can be relied on. */
export class Order {
  readonly #newest = new Map<string, number>();

  /** Whether a change, made at this time (ISO 8601), came after a newer one of the same. */
  overtaken(issue: string, what: string, made: string | null | undefined): boolean {
    const at = Date.parse(made ?? '');
    if (Number.isNaN(at)) return false;
    const key = `${issue} ${what}`;
    const newest = this.#newest.get(key);
    if (newest !== undefined && at < newest) return true;
    this.#newest.delete(key);
    this.#newest.set(key, at);
    if (this.#newest.size > MAX_KEPT)
      for (const oldest of this.#newest.keys()) {
        this.#newest.delete(oldest);
        break;
      }
    return false;
  }
}
